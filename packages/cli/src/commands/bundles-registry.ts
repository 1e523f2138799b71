import { type BundleProblem, createOciFetcher, pushOci, renderProblem, tagOci } from '@writ/bundle';
import { Command } from 'commander';
import { readArchiveFile, writeArchiveFile } from '../bundles/archive-file.ts';
import { type RegistryFlags, withRegistry, withRegistryFlags } from '../bundles/registry-flags.ts';
import { type CommandContext, withAction } from '../command.ts';
import { CommandError, EXIT } from '../exit-status.ts';

interface PushFlags extends RegistryFlags {
  readonly signature?: readonly string[];
}

/** `writ bundles push ARCHIVE REFERENCE`. */
export function pushCommand(): Command {
  const command = new Command('push')
    .description(
      'Publish an archive in an OCI registry, with the signatures beside it; prints the digest to pin',
    )
    .argument('<archive>', 'what `writ build` wrote')
    .argument('<reference>', 'HOST/NAME:TAG')
    .option(
      '--signature <file>',
      'a further signature of the archive; may be repeated (FILE.sigstore.json and FILE.sig go along by themselves)',
      (file: string, before?: string[]) => [...(before ?? []), file],
    );
  withRegistryFlags(command).addHelpText(
    'after',
    '\nExample:\n  npx writ bundles push payments.tar.gz registry.example.org/policies/payments:staging --username ci --password-file token',
  );
  return withAction(
    command,
    async ({ output }: CommandContext, file: string, reference: string, flags: PushFlags) => {
      const { archive, detached } = readArchiveFile(file, flags.signature);
      const pushed = await withRegistry(reference, flags, (options) => pushOci(archive, detached, options));
      if (!pushed.ok) throw refused(pushed.problem);
      output.json({ reference, digest: pushed.digest, signatures: detached.length });
      output.line(`${reference}@${pushed.digest}`);
      return EXIT.ok;
    },
  );
}

/** `writ bundles pull REFERENCE`. */
export function pullCommand(): Command {
  const command = new Command('pull')
    .description('Fetch an archive from an OCI registry, with its signatures; checks digests, not signatures')
    .argument('<reference>', 'HOST/NAME:TAG, or pinned HOST/NAME@sha256:…')
    .option('-o, --output <file>', 'where to write it; signatures go beside it', 'bundle.tar.gz');
  withRegistryFlags(command).addHelpText(
    'after',
    '\nExample:\n  npx writ bundles pull registry.example.org/policies/payments:production -o payments.tar.gz\n  npx writ bundles verify payments.tar.gz --key author.pem',
  );
  return withAction(
    command,
    async ({ output }: CommandContext, reference: string, flags: RegistryFlags & { output: string }) => {
      const outcome = await withRegistry(reference, flags, (options) =>
        createOciFetcher(options).fetch(undefined, AbortSignal.timeout(300_000)),
      );
      if (outcome.kind === 'failed') throw refused(outcome.problem);
      if (outcome.kind !== 'fetched') throw refused({ code: 'bundle_unavailable', message: 'nothing came' });
      const { archive, detached, tag } = outcome.fetched;
      const files = writeArchiveFile(flags.output, { archive, detached });
      output.json({ digest: tag, files });
      for (const file of files) output.line(file);
      output.line(`manifest ${tag}`);
      return EXIT.ok;
    },
  );
}

/** `writ bundles tag REFERENCE TAG`. */
export function tagCommand(): Command {
  const command = new Command('tag')
    .description('Put a further tag on what is in a registry: the same manifest, never built anew')
    .argument('<reference>', 'what is there: HOST/NAME:TAG, or HOST/NAME@sha256:…')
    .argument('<tag>', 'the further tag, in the same repository');
  withRegistryFlags(command).addHelpText(
    'after',
    '\nExample:\n  npx writ bundles tag registry.example.org/policies/payments:staging production',
  );
  return withAction(
    command,
    async ({ output }: CommandContext, reference: string, tag: string, flags: RegistryFlags) => {
      const tagged = await withRegistry(reference, flags, (options) => tagOci(tag, options));
      if (!tagged.ok) throw refused(tagged.problem);
      output.json({ reference, tag, digest: tagged.digest });
      output.line(`${tag}  ${tagged.digest}`);
      return EXIT.ok;
    },
  );
}

/** How a command ends where a registry does not do what it should. */
export function refused(problem: BundleProblem): CommandError {
  return new CommandError(EXIT.unavailable, renderProblem(problem));
}
