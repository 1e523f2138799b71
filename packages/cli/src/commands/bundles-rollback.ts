import { pushOci, rebuildArchive, renderProblem, type SigningOptions } from '@writ/bundle';
import type { HistoryView, KeptView } from '@writ/pdp';
import { Command } from 'commander';
import { type ArchiveFile, readArchiveFile, writeArchiveFile } from '../bundles/archive-file.ts';
import { type RegistryFlags, withRegistry, withRegistryFlags } from '../bundles/registry-flags.ts';
import { type CommandContext, withAction } from '../command.ts';
import { type OperatorClient, operatorClient, type ServiceOptions } from '../compose/operator-client.ts';
import { type SigningFlags, signingFromFlags, withSigningFlags } from '../compose/signing-flags.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import type { Output } from '../output/output.ts';
import { shortDigest } from '../present/short-texts.ts';
import { refused } from './bundles-registry.ts';
import { addServiceOptions } from './service-options.ts';

interface RollbackFlags extends ServiceOptions, SigningFlags, RegistryFlags {
  readonly to?: string;
  readonly sequence?: string;
  readonly reason?: string;
  readonly output?: string;
  readonly publish?: string;
  readonly archive?: string;
}

/** `writ bundles rollback NAME... --to REVISION`. */
export function rollbackCommand(): Command {
  const command = addServiceOptions(new Command('rollback'))
    .description(
      'Put an earlier content of a bundle in force again: signed anew, on record, between two decisions',
    )
    .argument('<name...>', 'the bundle; several where they are of one release, which go back together')
    .option(
      '--to <revision>',
      'revision, release version or digest of a kept content (writ bundles history NAME)',
    )
    .option('--reason <text>', 'why; kept on record')
    .option('--sequence <n>', 'its place among publications (default: one more than what is in force)')
    .option('--output <file>', 'only write the archive: for others to sign, or to be published')
    .option('--publish <oci:reference>', 'publish it in place of activating it here: every follower takes it')
    .option('--archive <file>', 'activate what --output wrote, with the signatures beside it');
  withRegistryFlags(withSigningFlags(command)).addHelpText(
    'after',
    '\nExamples:\n  npx writ bundles rollback payments --to 4f2a91c --reason "denies refunds" --signing-key author.key --signing-alg ES256 --signing-key-id k1\n' +
      '  npx writ bundles rollback payments --to 4f2a91c --publish oci:registry.example.org/policies/payments:production --signing-key author.key --signing-key-id k1\n\n' +
      'Without --publish it holds for this one service, until something with a higher sequence is published.',
  );
  return withAction(command, async ({ output }: CommandContext, names: string[], flags: RollbackFlags) => {
    requireSense(names, flags);
    const client = operatorClient(flags);
    const results: object[] = [];
    for (const name of names) results.push(await rollBackOne(output, client, name, flags));
    output.json({ rollbacks: results });
    return EXIT.ok;
  });
}

function requireSense(names: readonly string[], flags: RollbackFlags): void {
  const wrong = (message: string, help?: string): never => {
    throw new CommandError(EXIT.usage, message, help);
  };
  const { to, archive, output, publish } = flags;
  if ((to === undefined) === (archive === undefined))
    wrong('say what to go back to: --to REVISION, or --archive FILE', 'see: writ bundles history NAME');
  if (archive !== undefined && (output !== undefined || publish !== undefined))
    wrong('--archive activates here: it goes with neither --output nor --publish');
  if (output !== undefined && publish !== undefined) wrong('give either --output or --publish');
  if (names.length > 1 && (archive ?? output ?? publish) !== undefined)
    wrong('--archive, --output and --publish are for one bundle at a time');
  if (flags.sequence !== undefined && !/^\d{1,15}$/.test(flags.sequence))
    wrong(`--sequence must be a whole number, not \`${flags.sequence}\``);
}

async function rollBackOne(
  output: Output,
  client: OperatorClient,
  name: string,
  flags: RollbackFlags,
): Promise<object> {
  if (flags.archive !== undefined)
    return activate(output, client, name, readArchiveFile(flags.archive), flags.reason);
  const built = await buildRollback(client, name, flags.to ?? '', flags);
  if (flags.output !== undefined) {
    const files = writeArchiveFile(flags.output, built);
    output.line(`${flags.output}  ${name} ${built.about}; not in force yet`);
    output.line(
      `  sign it where more signatures are needed, then: writ bundles rollback ${name} --archive ${flags.output}`,
    );
    return { bundle: name, files, sequence: built.sequence };
  }
  if (flags.publish === undefined) return activate(output, client, name, built, flags.reason);
  const reference = flags.publish;
  const pushed = await withRegistry(reference, flags, (options) => pushOci(built.archive, [], options));
  if (!pushed.ok) throw refused(pushed.problem);
  output.line(`${name}: published ${built.about} as ${reference}@${pushed.digest}`);
  return { bundle: name, published: reference, digest: pushed.digest, sequence: built.sequence };
}

interface BuiltRollback extends ArchiveFile {
  readonly sequence: number | undefined;
  readonly about: string;
}

/** The kept content with a place after what is in force, signed by whoever asks. */
async function buildRollback(
  client: OperatorClient,
  name: string,
  to: string,
  flags: RollbackFlags,
): Promise<BuiltRollback> {
  const path = `/v1/bundles/${encodeURIComponent(name)}`;
  const { kept = [] } = (await client.get(`${path}/history?count=1`)) as HistoryView;
  const target = findKept(name, kept, to);
  const stored = (await client.get(`${path}/kept/${target.digest}`)) as { archive: string };
  const current = kept[0]?.sequence;
  const next = current === undefined ? undefined : current + 1;
  const sequence = flags.sequence === undefined ? next : Number(flags.sequence);
  const signing: SigningOptions | undefined = signingFromFlags(flags, 'RS256');
  const rebuilt = await rebuildArchive(Buffer.from(stored.archive, 'base64'), {
    rollbackTo: target.revision,
    ...(sequence === undefined ? {} : { sequence }),
    ...(signing === undefined ? {} : { signing }),
  });
  if (!rebuilt.ok) throw new CommandError(EXIT.badInput, rebuilt.problems.map(renderProblem).join('\n'));
  const place = sequence === undefined ? '' : ` with sequence ${sequence}`;
  return { archive: rebuilt.archive, detached: [], sequence, about: `back to ${target.revision}${place}` };
}

/** The newest kept content that this names; what is in force is none to go back to. */
function findKept(name: string, kept: readonly KeptView[], to: string): KeptView {
  const earlier = kept.slice(1);
  const isMeant = ({ revision, digest, release }: KeptView): boolean =>
    revision === to ||
    (to.length >= 7 &&
      (revision.startsWith(to) || digest.startsWith(to) || digest.slice('sha256:'.length).startsWith(to))) ||
    release?.split(' ').at(-1) === to;
  const meant = earlier.filter(isMeant);
  const revisions = new Set(meant.map(({ revision }) => revision));
  if (meant.length > 0 && revisions.size === 1) return meant[0]!;
  const shown = earlier.map(({ revision, digest }) => `${revision} (${shortDigest(digest)})`).join(', ');
  const known = earlier.length === 0 ? 'nothing earlier is kept here' : `kept are: ${shown}`;
  if (revisions.size > 1)
    throw new CommandError(EXIT.no, `\`${to}\` means several of bundle \`${name}\``, known);
  const isNow = kept[0] !== undefined && isMeant(kept[0]);
  throw new CommandError(
    EXIT.no,
    isNow ? `\`${to}\` is in force already` : `no content \`${to}\` of bundle \`${name}\` is kept`,
    known,
  );
}

async function activate(
  output: Output,
  client: OperatorClient,
  name: string,
  { archive, detached }: ArchiveFile,
  reason: string | undefined,
): Promise<object> {
  const answer = (await client.post(`/v1/bundles/${encodeURIComponent(name)}/rollback`, {
    archive: Buffer.from(archive).toString('base64'),
    detached,
    ...(reason === undefined ? {} : { reason }),
  })) as { revision: string; digest: string; sequence?: number; waiting: boolean };
  const place = answer.sequence === undefined ? '' : `, sequence ${answer.sequence}`;
  const state = answer.waiting ? 'waits for the other bundles of its release' : 'in force now';
  output.line(`${name}: ${answer.revision}${place} ${state}`);
  output.line(`  ${answer.digest}`);
  return answer;
}
