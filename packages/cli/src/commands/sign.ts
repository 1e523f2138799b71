import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { renderProblem, signDetached, signDirectory } from '@writ/bundle';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { type SigningFlags, signingFromFlags, withSigningFlags } from '../compose/signing-flags.ts';
import { CommandError, EXIT } from '../exit-status.ts';

interface SignFlags extends SigningFlags {
  readonly output?: string;
  readonly plain?: boolean;
}

/** `writ sign PATH`: a folder inside, as OPA does; an archive beside, as cosign does. */
export function signCommand(): Command {
  const command = new Command('sign')
    .description('Sign a bundle: a folder by .signatures.json inside, an archive by a signature beside it')
    .argument('<path>', 'folder, or archive')
    .option(
      '-o, --output <file>',
      'where to write the signature (default: inside the folder, beside the archive)',
    )
    .option(
      '--plain',
      'for an archive: only the base64 text (FILE.sig) instead of a Sigstore bundle (FILE.sigstore.json)',
    );
  withSigningFlags(command).addHelpText(
    'after',
    '\nExamples:\n  npx writ sign policy --signing-key private.pem --signing-key-id k1\n  npx writ sign bundle.tar.gz --signing-key security.pem\n\nRS256 by default for a folder (OPA), ES256 for an archive (cosign).',
  );
  return withAction(command, async ({ output }: CommandContext, path: string, flags: SignFlags) => {
    const place = resolve(path);
    if (!existsSync(place)) throw new CommandError(EXIT.badInput, `there is no ${place}`);
    const isFolder = statSync(place).isDirectory();
    const signing = signingFromFlags(flags, isFolder ? 'RS256' : 'ES256');
    if (signing === undefined)
      throw new CommandError(
        EXIT.usage,
        'no key to sign with',
        'give one: --signing-key private.pem (make one: openssl ecparam -genkey -name prime256v1 -noout -out private.pem)',
      );
    const form = flags.plain === true ? 'plain' : 'sigstore';
    const { key } = signing;
    if (!isFolder && typeof key !== 'string')
      throw new CommandError(
        EXIT.usage,
        '--signing-command signs bundles inside: `writ build`, `writ sign FOLDER`',
        'beside an archive let `cosign sign-blob --key KMS` sign, or give --signing-key',
      );
    const signed =
      isFolder || typeof key !== 'string'
        ? await signDirectory(place, signing)
        : signDetached(readFileSync(place), { ...signing, key, form });
    if (!signed.ok) throw new CommandError(EXIT.badInput, signed.problems.map(renderProblem).join('\n'));
    const beside = `${place}${form === 'plain' ? '.sig' : '.sigstore.json'}`;
    const file = flags.output ?? (isFolder ? join(place, '.signatures.json') : beside);
    writeFileSync(file, signed.text);
    output.json({ file });
    output.line(file);
    return EXIT.ok;
  });
}
