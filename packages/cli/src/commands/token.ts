import { randomBytes } from 'node:crypto';
import { hashToken } from '@writ/identity';
import { Command } from 'commander';
import { withAction } from '../command.ts';
import { EXIT } from '../exit-status.ts';

/** `writ token`: a new bearer token and the hash that `writ.yaml` lists. */
export function tokenCommand(): Command {
  const command = new Command('token')
    .description('Make a bearer token for an enforcement point; only its hash goes into writ.yaml')
    .addHelpText('after', '\nExample:\n  npx writ token');
  return withAction(command, ({ output }) => {
    const token = `writ_${randomBytes(24).toString('base64url')}`;
    output.json({ token, token_hash: hashToken(token) });
    output.line(`token       ${token}`);
    output.line(`token_hash  ${hashToken(token)}`);
    output.note(
      'Give the token to the client, once; put the hash into writ.yaml under points. (Callers of the gateway: writ identity key.)',
    );
    return EXIT.ok;
  });
}
