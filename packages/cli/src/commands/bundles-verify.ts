import {
  archiveSignatures,
  type FoundSignature,
  readTarballBytes,
  renderProblem,
  SIGNING_ALGORITHMS,
} from '@writ/bundle';
import { Command } from 'commander';
import { readArchiveFile } from '../bundles/archive-file.ts';
import { readVerificationKey } from '../bundles/verification-key.ts';
import { type CommandContext, withAction } from '../command.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import type { Output } from '../output/output.ts';

interface VerifyFlags {
  readonly key?: readonly string[];
  readonly alg?: string;
  readonly signature?: readonly string[];
}

const collect = (value: string, before?: string[]): string[] => [...(before ?? []), value];

/** `writ bundles verify ARCHIVE`. */
export function verifyArchiveCommand(): Command {
  const command = new Command('verify')
    .description('Say which signatures an archive carries, inside and beside it, and which of them hold')
    .argument('<archive>', 'the file; FILE.sigstore.json and FILE.sig beside it are looked at too')
    .option('--key <file>', 'public key as PEM, or ID=FILE; may be repeated', collect)
    .option(
      '--alg <name>',
      `algorithm of the keys (default: by the kind of key): ${SIGNING_ALGORITHMS.join(', ')}`,
    )
    .option('--signature <file>', 'a further signature of the archive; may be repeated', collect)
    .addHelpText(
      'after',
      '\nExample:\n  npx writ bundles verify payments.tar.gz --key author.pem --key security.pem\n\n' +
        'Status 0: every key that was given has signed. Without a key nothing is checked.',
    );
  return withAction(command, async ({ output }: CommandContext, file: string, flags: VerifyFlags) => {
    const { archive, detached } = readArchiveFile(file, flags.signature);
    const keys = Object.fromEntries((flags.key ?? []).map((text) => readVerificationKey(text, flags.alg)));
    const found = await archiveSignatures(archive, detached, keys);
    const read = await readTarballBytes(archive, { name: file, skipVerify: true });
    const problems = [...(found.ok ? [] : found.problems), ...(read.ok ? [] : read.problems)];
    if (!found.ok || !read.ok)
      throw new CommandError(EXIT.badInput, [...new Set(problems.map(renderProblem))].join('\n'));
    const held = new Set(found.signatures.map(({ verifiedBy }) => verifiedBy));
    const absent = Object.keys(keys).filter((id) => !held.has(id));
    const { revision, digest, sequence, rollbackTo } = read.bundle;
    output.json({
      revision,
      digest,
      sequence,
      rollback_to: rollbackTo,
      signatures: found.signatures.map(shownAsJson),
      keys_without_signature: absent,
    });
    output.line(`${file}  ${revision}${sequence === undefined ? '' : `, sequence ${sequence}`}`);
    output.line(`  ${digest}`);
    for (const signature of found.signatures) show(output, signature, Object.keys(keys).length > 0);
    if (found.signatures.length === 0) output.line('  it carries no signature');
    for (const id of absent) output.line(`  ${output.style('red', 'missing')}: no signature by key ${id}`);
    return absent.length === 0 ? EXIT.ok : EXIT.no;
  });
}

function shownAsJson({ form, keyId, algorithm, verifiedBy, problems }: FoundSignature): object {
  return {
    form,
    key_id: keyId,
    algorithm,
    verified_by: verifiedBy,
    ...(verifiedBy === undefined ? { problems: problems.map(renderProblem) } : {}),
  };
}

function show(output: Output, signature: FoundSignature, checked: boolean): void {
  const { form, keyId, algorithm, verifiedBy, problems } = signature;
  const said = [
    form === 'bundle' ? 'inside (.signatures.json)' : 'beside the archive',
    algorithm,
    keyId === undefined ? undefined : `says key ${keyId}`,
  ].filter((part) => part !== undefined);
  const verdict =
    verifiedBy !== undefined
      ? output.style('green', `holds: key ${verifiedBy}`)
      : checked
        ? output.style('red', 'does not hold by any key given')
        : 'not checked: no key was given';
  output.line(`  ${said.join(', ')}: ${verdict}`);
  if (verifiedBy !== undefined || !checked) return;
  const whys = new Set(
    problems.map(({ file, message }) => `${file === undefined ? '' : `${file}: `}${message}`),
  );
  for (const why of [...whys].slice(0, 10)) output.line(`    ${why}`);
}
