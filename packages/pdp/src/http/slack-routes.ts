import { createHmac } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { SLACK_ACTIONS, slackText } from '../channels/slack-sender.ts';
import { sameText } from '../channels/webhook-signature.ts';
import { HttpError } from './error-body.ts';
import type { ApiContext } from './http-api.ts';
import type { SlackInteractions } from './slack-interactions.ts';

/** How old a signed request may be, seconds. */
const AGE_MAX_SECONDS = 300;
const SEEN_MAX = 10_000;

/** `POST /v1/channels/slack`: signed by Slack, not older than five minutes, each once. */
export function registerSlackRoutes(app: FastifyInstance, context: ApiContext): void {
  const { slack } = context;
  if (slack === undefined) return;
  const seen = new Map<string, number>();
  app.post(
    '/v1/channels/slack',
    { config: { ownAuthentication: true, rawBody: true } },
    async (request, reply) => {
      const body = Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '';
      const signature = String(request.headers['x-slack-signature'] ?? '');
      const timestamp = String(request.headers['x-slack-request-timestamp'] ?? '');
      const refused = refusedSignature(slack.signingSecret, timestamp, body, signature, Date.now() / 1000);
      if (refused !== undefined) throw new HttpError(401, 'unauthenticated', refused);
      if (seen.has(signature)) throw new HttpError(401, 'unauthenticated', 'this request came before');
      remember(seen, signature);
      await interact(context, slack, body);
      return reply.code(200).send('');
    },
  );
}

/** Why a request is not Slack's; undefined where it is. */
export function refusedSignature(
  secret: string,
  timestamp: string,
  body: string,
  signature: string,
  nowSeconds: number,
): string | undefined {
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(nowSeconds - Number(timestamp)) > AGE_MAX_SECONDS)
    return 'the timestamp is not of the last five minutes';
  const own = `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`, 'utf8').digest('hex')}`;
  return sameText(own, signature) ? undefined : 'the signature is not of Slack';
}

function remember(seen: Map<string, number>, signature: string): void {
  const nowMs = Date.now();
  seen.set(signature, nowMs);
  for (const [old, atMs] of seen) {
    if (seen.size <= SEEN_MAX && nowMs - atMs < 2 * AGE_MAX_SECONDS * 1000) break;
    seen.delete(old);
  }
}

interface Interaction {
  readonly type?: string;
  readonly user?: { readonly id?: string };
  readonly actions?: readonly { readonly action_id?: string; readonly value?: string }[];
  readonly response_url?: string;
}

async function interact({ service }: ApiContext, slack: SlackInteractions, body: string): Promise<void> {
  const payload = readPayload(body);
  if (payload?.type !== 'block_actions') return;
  const [action] = payload.actions ?? [];
  const verb = VERBS.get(action?.action_id ?? '');
  if (verb === undefined || action?.value === undefined) return;
  const person = slack.people.get(payload.user?.id ?? '');
  if (person === undefined) return answer(slack, payload, 'You are not among those who may be asked.');
  const result = await service.administration.approvals[verb](action.value, { ...person, channel: 'slack' });
  // What became of it is told by the message itself, which changes for everybody.
  if (!result.ok) await answer(slack, payload, `Not done: ${slackText(result.message)}.`);
}

const VERBS: ReadonlyMap<string, 'approve' | 'deny'> = new Map([
  [SLACK_ACTIONS.approve, 'approve'],
  [SLACK_ACTIONS.deny, 'deny'],
]);

function readPayload(body: string): Interaction | undefined {
  try {
    return JSON.parse(new URLSearchParams(body).get('payload') ?? '') as Interaction;
  } catch {
    throw new HttpError(400, 'request_invalid', 'the payload is no JSON');
  }
}

/** To the person alone; Slack waits three seconds for the answer to its own request, so nothing waits for this one. */
async function answer(
  { outbound, responseOrigin = 'https://hooks.slack.com' }: SlackInteractions,
  payload: Interaction,
  text: string,
): Promise<void> {
  const url = URL.parse(payload.response_url ?? '');
  if (url === null || url.origin !== responseOrigin) return;
  void outbound
    .fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ response_type: 'ephemeral', replace_original: false, text }),
    })
    .catch(() => undefined);
}
