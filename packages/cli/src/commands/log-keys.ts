import { join, resolve } from 'node:path';
import {
  formatTlogProof,
  LEDGER_PROCEDURES,
  LedgerError,
  openFileSigner,
  parseCheckpoint,
  parseReceiptKey,
  proveEntry,
  rotateKey,
  signOnce,
} from '@writ/ledger';
import { DECISION_PROCEDURES } from '@writ/pdp';
import { STATE_PROCEDURES } from '@writ/state';
import { openStore, StoreError } from '@writ/store';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { dataDirectory } from '../compose/operator-client.ts';
import { readText } from '../compose/read-text.ts';
import { withRecord } from '../compose/record-reader.ts';
import { readConfig } from '../config/read-config.ts';
import { CommandError, EXIT } from '../exit-status.ts';

interface DataOptions {
  readonly config?: string;
  readonly data?: string;
}

function directoryOf(options: DataOptions): string {
  return dataDirectory({
    ...(options.config === undefined ? {} : { config: options.config }),
    ...(options.data === undefined ? {} : { data: options.data }),
  });
}

/** `writ log proof INDEX`: one entry with its inclusion, as a file that other tools verify. */
export function proofCommand(): Command {
  const command = new Command('proof')
    .description('One entry with its proof of inclusion, as C2SP tlog-proof, on standard output')
    .argument('<index>', 'position of the entry, as `writ log tail` shows it')
    .option('--config <file>', 'configuration (default: writ.yaml in this folder)')
    .option('--data <dir>', "data directory, or a copy of one (default: the configuration's, else .writ)")
    .addHelpText('after', '\nExample:\n  npx writ log proof 17 > entry-17.tlog-proof');
  return withAction(command, async ({ output }: CommandContext, index: string, options: DataOptions) => {
    if (!/^\d{1,15}$/.test(index)) throw new CommandError(EXIT.usage, `\`${index}\` is no position`);
    const proved = await withRecord(options, ({ directory }) => proveEntry(directory, Number(index)));
    if (!proved.ok) throw new CommandError(EXIT.badInput, proved.message);
    const text = formatTlogProof(proved.proof);
    output.json({ index: proved.proof.index, proof: text });
    if (output.format === 'pretty') process.stdout.write(text);
    return EXIT.ok;
  });
}

/** `writ log rotate-key`: a new key for the same log. */
export function rotateKeyCommand(): Command {
  const command = new Command('rotate-key')
    .description(
      'Put a new signing key in place of the old one, which vouches for it; the service must not run',
    )
    .option('--config <file>', 'configuration (default: writ.yaml in this folder)')
    .option('--data <dir>', "data directory (default: the configuration's, else .writ)")
    .addHelpText(
      'after',
      '\nExample:\n  npx writ log rotate-key\n\nThe old private key is destroyed. `ledger.vkey` in the data directory then holds both public keys:\ngive it to whoever verifies.',
    );
  return withAction(command, async ({ output }: CommandContext, options: DataOptions) => {
    const directory = directoryOf(options);
    const { config } = readConfig(options.config);
    if (config.signing !== undefined)
      throw new CommandError(EXIT.config, 'the key is held by a signing command: change it there');
    try {
      const store = await openStore({
        directory,
        procedures: [...DECISION_PROCEDURES, ...LEDGER_PROCEDURES, ...STATE_PROCEDURES],
      });
      try {
        const keys = join(directory, 'credentials');
        const rotated = await rotateKey({ store, directory, keys, trust: config.trust ?? 'cooperative' });
        output.json(rotated);
        output.line(`old  ${rotated.from}`);
        output.line(`new  ${rotated.to}`);
      } finally {
        await store.close();
      }
    } catch (cause) {
      if (cause instanceof LedgerError || cause instanceof StoreError)
        throw new CommandError(EXIT.unavailable, cause.message);
      throw cause;
    }
    return EXIT.ok;
  });
}

/** `writ log sign`: what a signing command can be, run as another user than the service. */
export function signCommand(): Command {
  const command = new Command('sign')
    .description(
      "Sign a checkpoint, or a key for receipts, from standard input with a key of this user's own: for `signing` in writ.yaml",
    )
    .requiredOption('--keys <dir>', 'folder of the key, made at first use; readable by its owner alone')
    .option('--origin <name>', 'name of the log for a new key')
    .option('--public', 'print the public key instead')
    .addHelpText(
      'after',
      '\nExample:\n  npx writ log sign --keys /var/lib/signer --public > log.vkey\n\nIn writ.yaml:\n  signing: { command: [sudo, -n, -u, signer, writ, log, sign, --keys, /var/lib/signer], key: log.vkey }\n\n' +
        'It signs nothing that is smaller than what it signed before, or other at the same size.',
    );
  return withAction(
    command,
    async (
      { output }: CommandContext,
      options: { readonly keys: string; readonly origin?: string; readonly public?: boolean },
    ) => {
      const folder = resolve(options.keys);
      const signer = openFileSigner(folder, options.origin === undefined ? {} : { name: options.origin });
      if (options.public === true) {
        output.line(signer.verifierKey);
        output.json({ key: signer.verifierKey });
        return EXIT.ok;
      }
      const text = readText('-');
      const origin = (parseCheckpoint(text) ?? parseReceiptKey(text))?.origin;
      if (origin !== signer.name)
        throw new CommandError(
          EXIT.badInput,
          `standard input is no checkpoint of \`${signer.name}\`, and no key for its receipts`,
        );
      const signed = await signOnce(folder, signer, text);
      if (!signed.ok) throw new CommandError(EXIT.no, signed.message);
      output.line(signed.signature);
      output.json({ signature: signed.signature });
      return EXIT.ok;
    },
  );
}
