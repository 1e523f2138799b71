import { type ActionResult, canonicalJson, type Json, type JsonObject, type Resource } from '@writ/decision';
import type { Catalogue } from './catalogue.ts';
import { isObject } from './json-object.ts';
import { named, type RequestMethod } from './methods.ts';
import { releaseBlock, withUri } from './release-content.ts';
import type { Upstream } from './upstream.ts';

/** What a request names, in the words of the server that has it. */
export interface Target {
  readonly upstream: Upstream;
  /** The members that the protocol knows, and no others. */
  readonly params: JsonObject;
  readonly resource: Resource;
  /** Digest of the definition that the request goes by. */
  readonly digest?: string;
}

export type Located =
  | { readonly kind: 'found'; readonly target: Target }
  | {
      readonly kind: 'unknown';
      readonly code: 'resource_unknown' | 'prompt_unknown' | 'prompt_changed';
      readonly message: string;
    };

interface RequestShape {
  /** Finds what is named; rejects where the server that would know does not answer. */
  locate(catalogue: Catalogue, params: JsonObject): Promise<Located>;
  /** The server's result as output policies see it. */
  judged(result: JsonObject): ActionResult;
  /** What of it goes back: nothing that they did not see. */
  released(catalogue: Catalogue, upstream: Upstream, result: ActionResult): JsonObject;
}

/** How each method is located, judged and released. */
export const REQUEST_SHAPES: Readonly<Record<RequestMethod, RequestShape>> = {
  'resources/subscribe': {
    locate: locateResource,
    judged: () => ({}),
    released: () => ({}),
  },
  'resources/read': {
    locate: locateResource,
    judged: ({ contents }) => ({ content: contents ?? [] }),
    released: (catalogue, upstream, { content }) => ({
      contents: listOf(content).map((each) => (isObject(each) ? withUri(catalogue, upstream, each) : each)),
    }),
  },
  'prompts/get': {
    async locate(catalogue, params) {
      const prompt = await catalogue.lookupPrompt(textOf(params['name']));
      if (prompt.kind !== 'prompt') return refusedPrompt(prompt.kind, params['name']);
      const { upstream, name, digest } = prompt;
      const args = params['arguments'];
      return found({
        upstream,
        params: { name, ...(args === undefined ? {} : { arguments: args }) },
        resource: named('prompt', name),
        digest,
      });
    },
    judged: ({ messages, description }) => ({
      content: messages ?? [],
      ...(description === undefined ? {} : { structured: { description } }),
    }),
    released: (catalogue, upstream, { content, structured }) => ({
      ...(isObject(structured) ? structured : {}),
      messages: listOf(content).map((each) => releaseMessage(catalogue, upstream, each)),
    }),
  },
  'completion/complete': {
    locate: locateReference,
    judged: ({ completion }) => ({ structured: completion ?? {} }),
    released: (_catalogue, _upstream, { structured }) => ({ completion: structured ?? { values: [] } }),
  },
};

async function locateResource(catalogue: Catalogue, params: JsonObject): Promise<Located> {
  const place = await catalogue.locateUri(textOf(params['uri']));
  if (place === undefined) return unknownResource(params['uri']);
  const { upstream, uri } = place;
  return found({ upstream, params: { uri }, resource: named('resource', uri) });
}

/** A completion names a prompt, or a template of resources, and one of its arguments. */
async function locateReference(catalogue: Catalogue, params: JsonObject): Promise<Located> {
  const { ref, argument, context } = params;
  const rest: JsonObject = {
    ...(argument === undefined ? {} : { argument }),
    ...(context === undefined ? {} : { context }),
  };
  if (isObject(ref) && ref['type'] === 'ref/prompt') {
    const prompt = await catalogue.lookupPrompt(textOf(ref['name']));
    if (prompt.kind !== 'prompt') return refusedPrompt(prompt.kind, ref['name']);
    const { upstream, name, digest } = prompt;
    const about = { ref: { type: 'ref/prompt', name }, ...rest };
    return found({ upstream, params: about, resource: named('prompt', name), digest });
  }
  const given = isObject(ref) ? ref['uri'] : undefined;
  const place = await catalogue.locateUri(textOf(given));
  if (place === undefined) return unknownResource(given);
  const { upstream, uri } = place;
  const about = { ref: { type: 'ref/resource', uri }, ...rest };
  return found({ upstream, params: about, resource: named('template', uri) });
}

/** Does a redacted request still name what was decided about. */
export function sameTarget(decided: JsonObject, forwarded: JsonObject): boolean {
  return ['uri', 'name', 'ref'].every((member) => {
    const [before, after] = [decided[member], forwarded[member]];
    return before === undefined || (after !== undefined && canonicalJson(before) === canonicalJson(after));
  });
}

function found(target: Target): Located {
  return { kind: 'found', target };
}

function unknownResource(uri: Json | undefined): Located {
  return { kind: 'unknown', code: 'resource_unknown', message: `There is no resource \`${textOf(uri)}\`.` };
}

function refusedPrompt(kind: 'unknown' | 'changed', name: Json | undefined): Located {
  if (kind === 'unknown')
    return { kind: 'unknown', code: 'prompt_unknown', message: `There is no prompt \`${textOf(name)}\`.` };
  const message =
    'The description of this prompt changed since it was approved; an operator must look at it.';
  return { kind: 'unknown', code: 'prompt_changed', message };
}

function releaseMessage(catalogue: Catalogue, upstream: Upstream, message: Json): Json {
  if (!isObject(message) || message['content'] === undefined) return message;
  return { ...message, content: releaseBlock(catalogue, upstream, message['content']) };
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}
