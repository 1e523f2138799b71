import { type InputRequiredResult, inputRequired, ProtocolError } from '@modelcontextprotocol/server';
import type { Json, JsonObject } from '@writ/decision';
import { decideKnown, type InputContext } from './authorize-input.ts';
import type { CallContext } from './call-context.ts';
import type { IncomingCall } from './incoming-call.ts';
import { isObject } from './json-object.ts';
import { askableCapabilities } from './peer.ts';
import type { Binding, InputRefusal } from './rounds.ts';
import type { Upstream } from './upstream.ts';
import type { UpstreamError } from './upstream-answer.ts';

/** By this error a server of the older era says that a person has to open pages before it can do the call. */
const URL_ELICITATION_REQUIRED = -32_042;

/** Asks for pages to be opened: in the form of its client's era, after a decision about each. */
export type PagesAsked =
  | { readonly kind: 'result'; readonly result: InputRequiredResult }
  | { readonly kind: 'error'; readonly error: ProtocolError }
  | InputRefusal;

/** Undefined where the error asks for no page, or its client can open none: then it is an error like any other. */
export async function askForPages(
  context: CallContext,
  call: IncomingCall,
  upstream: Upstream,
  { answer, binding }: { readonly answer: UpstreamError; readonly binding: Binding },
): Promise<PagesAsked | undefined> {
  const pages = pagesOf(answer);
  const opens = (askableCapabilities(call.capabilities).elicitation as JsonObject | undefined)?.['url'];
  if (pages.length === 0 || opens === undefined) return undefined;
  const about: InputContext = {
    point: context.point,
    incoming: call,
    upstream,
    questionsMax: context.limits.questions,
  };
  if (pages.length > about.questionsMax)
    return { kind: 'broken', code: 'input_refused', message: 'The server asks too much at once.' };
  const { era } = call.channel;
  const allowed: Page[] = [];
  for (const page of pages) {
    const verdict = await decideKnown(about, 'elicitation/create', page);
    if (verdict.kind === 'refused') return verdict;
    const { decision_id: decisionId } = verdict.decision;
    const params = verdict.request.params ?? {};
    // In the older era what the person does never comes back this way.
    if (era === 'legacy') {
      await context.point.complete({ decision_id: decisionId, status: 'unknown' });
      notePage(call.flight.pages, upstream.id, params['elicitationId']);
    }
    allowed.push({ params, decisionId });
  }
  return era === 'legacy' ? asError(allowed) : asResult(context, allowed, binding);
}

/** Pages of one client that are remembered: the oldest goes. */
const PAGES_MAX = 256;

/** A page of one server, among those that a client was asked to open. */
export function pageKey(server: string, elicitationId: Json | undefined): string {
  return `${server} ${String(elicitationId)}`;
}

/** Remembers that a client was asked to open this page. */
export function notePage(pages: Set<string>, server: string, elicitationId: Json | undefined): void {
  const [oldest] = pages;
  if (pages.size >= PAGES_MAX && oldest !== undefined) pages.delete(oldest);
  pages.add(pageKey(server, elicitationId));
}

interface Page {
  readonly params: JsonObject;
  readonly decisionId: string;
}

function pagesOf({ code, data }: UpstreamError): readonly JsonObject[] {
  const { elicitations } = (code === URL_ELICITATION_REQUIRED ? (data ?? {}) : {}) as {
    readonly elicitations?: Json;
  };
  return Array.isArray(elicitations) ? (elicitations as readonly Json[]).filter(isPage) : [];
}

function isPage(page: Json): page is JsonObject {
  return isObject(page) && ['url', 'message', 'elicitationId'].every((key) => typeof page[key] === 'string');
}

/** Text of the server's own would go past the output policy: only what was decided about passes. */
function asError(pages: readonly Page[]): PagesAsked {
  const message = 'A person has to open a page before this call can be made.';
  const elicitations = pages.map(({ params }) => ({ ...params, mode: 'url' }));
  return { kind: 'error', error: new ProtocolError(URL_ELICITATION_REQUIRED, message, { elicitations }) };
}

/** The client makes the same call again when the pages were opened, and says so. */
function asResult({ states }: CallContext, pages: readonly Page[], binding: Binding): PagesAsked {
  const keyed = pages.map((page) => [String(page.params['elicitationId']), page] as const);
  const requestState = states.seal({
    binding: binding(),
    asked: Object.fromEntries(keyed.map(([key, { decisionId }]) => [key, decisionId])),
  });
  const inputRequests = Object.fromEntries(
    keyed.map(([key, { params }]) => [
      key,
      inputRequired.elicitUrl({ url: String(params['url']), message: String(params['message']) }),
    ]),
  );
  return { kind: 'result', result: inputRequired({ inputRequests, requestState }) };
}
