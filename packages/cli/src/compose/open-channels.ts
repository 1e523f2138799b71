import { resolve } from 'node:path';
import { createOutbound, type Outbound } from '@writ/outbound';
import {
  type CallbackReceiver,
  type ChannelSender,
  callbackSender,
  type SlackInteractions,
  slackSender,
  teamsSender,
  webhookSecret,
  webhookSender,
} from '@writ/pdp';
import type { Config } from '../config/config.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import type { ConfiguredApprover } from './configured-approver.ts';
import { isLoopback } from './loopback.ts';
import { readText } from './read-text.ts';

/** Where people are asked, ready to be told. */
export interface OpenChannels {
  readonly senders: readonly ChannelSender[];
  readonly slack?: SlackInteractions;
  readonly pageUrl?: string;
  readonly callbacks: readonly CallbackReceiver[];
  close(): Promise<void>;
}

/** Opens the channels of a configuration; secrets are read once, from files. */
export function openChannels(
  { page_url, allow = [], webhooks = [], callbacks = [], slack, teams }: NonNullable<Config['channels']>,
  folder: string,
  approvers: readonly ConfiguredApprover[],
): OpenChannels {
  const outbound = createOutbound({
    allowLoopback: allow.includes('loopback'),
    allowPrivate: allow.includes('private'),
  });
  const secret = (file: string) => readText(resolve(folder, file)).trim();
  const senders: ChannelSender[] = [
    ...webhooks.map(({ name, url, secret_file }) =>
      webhookSender({ name, url, secret: keyOf(name, secret(secret_file)), outbound }),
    ),
    ...(slack === undefined
      ? []
      : [slackSender({ name: 'slack', token: secret(slack.token_file), channel: slack.channel, outbound })]),
    ...(teams === undefined ? [] : [teamsSender({ name: 'teams', url: secret(teams.url_file), outbound })]),
    ...callbacks.map(({ name, url, secret_file }) =>
      callbackSender({ name, url: encrypted(name, url), secret: keyOf(name, secret(secret_file)), outbound }),
    ),
  ];
  const names = senders.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new CommandError(
      EXIT.config,
      `two channels are named \`${twice}\``,
      'give each webhook and each callback a name of its own',
    );
  return {
    senders,
    ...(slack === undefined
      ? {}
      : { slack: interactionsOf(secret(slack.signing_secret_file), approvers, outbound) }),
    callbacks: callbacks.map(({ name, url, points }) => ({
      name,
      url,
      ...(points === undefined ? {} : { points }),
    })),
    ...(page_url === undefined ? {} : { pageUrl: page_url.replace(/\/+$/, '') }),
    close: () => outbound.close(),
  };
}

/** AuthZEN's callbacks go over HTTPS; within this machine nobody stands between. */
function encrypted(name: string, url: string): string {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' || isLoopback(hostname)) return url;
  throw new CommandError(
    EXIT.config,
    `callback \`${name}\` is not encrypted`,
    'its url begins with https://',
  );
}

function keyOf(name: string, text: string): Uint8Array {
  const key = webhookSecret(text);
  if (key !== undefined) return key;
  throw new CommandError(
    EXIT.config,
    `the secret of \`${name}\` is none`,
    'it is `whsec_` and base64 of 24 to 64 bytes: echo "whsec_$(openssl rand -base64 32)"',
  );
}

function interactionsOf(
  signingSecret: string,
  approvers: readonly ConfiguredApprover[],
  outbound: Outbound,
): SlackInteractions {
  const people = approvers.flatMap(({ slack, approver }) =>
    slack === undefined ? [] : [[slack, approver] as const],
  );
  return { signingSecret, people: new Map(people), outbound };
}
