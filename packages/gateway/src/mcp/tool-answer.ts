import type { CallToolResult } from '@modelcontextprotocol/client';
import type { Json, JsonObject } from '@writ/decision';
import { isObject } from './json-object.ts';
import type { Era } from './methods.ts';
import type { InputRequest, UpstreamAnswer } from './upstream-answer.ts';

type Answer = UpstreamAnswer<CallToolResult>;

/** A server of the newer era keeps the call as a task. */
export interface TaskBegun {
  readonly kind: 'task';
  readonly task: JsonObject;
}

const NO_RESULT: Answer = { kind: 'unknown', message: 'The server did not answer.' };

/** A server's answer to a call of a tool; one that is none of the protocol's is as good as no answer. */
export function toolAnswer(era: Era, result: Json | undefined, error: Json | undefined): Answer {
  if (error !== undefined) return errorAnswer(error);
  if (!isObject(result)) return NO_RESULT;
  if (era === 'modern' && result['resultType'] === 'input_required') return questions(result);
  if (era === 'modern' && result['resultType'] !== 'complete') return NO_RESULT;
  // Absent content is none in the older era.
  const { resultType: _type, content = era === 'legacy' ? [] : undefined, ...rest } = result;
  const { structuredContent, isError } = rest;
  const sound =
    Array.isArray(content) &&
    (content as readonly Json[]).every(isBlock) &&
    (isError === undefined || typeof isError === 'boolean') &&
    (era === 'modern' || structuredContent === undefined || isObject(structuredContent));
  if (!sound) return NO_RESULT;
  return { kind: 'result', result: { ...rest, content } as unknown as CallToolResult };
}

/** The same of a server that was told that its client keeps tasks. */
export function toolOrTask(result: Json | undefined, error: Json | undefined): Answer | TaskBegun {
  const begun = error === undefined && isObject(result) && result['resultType'] === 'task';
  return begun ? { kind: 'task', task: result } : toolAnswer('modern', result, error);
}

function errorAnswer(error: Json): Answer {
  if (!isObject(error)) return NO_RESULT;
  const { code, message, data } = error;
  if (!Number.isSafeInteger(code) || typeof message !== 'string') return NO_RESULT;
  return { kind: 'error', code: code as number, message, ...(data === undefined ? {} : { data }) };
}

function questions({ inputRequests, requestState }: JsonObject): Answer {
  const requests = isObject(inputRequests) ? inputRequests : {};
  const state = typeof requestState === 'string' ? { state: requestState } : {};
  if (Object.keys(requests).length === 0 && !('state' in state)) return NO_RESULT;
  return {
    kind: 'input_required',
    requests: requests as unknown as Readonly<Record<string, InputRequest>>,
    ...state,
  };
}

/** Members that each kind of content has; what has none of these kinds is no content. */
const BLOCKS: Readonly<Record<string, readonly string[]>> = {
  text: ['text'],
  image: ['data', 'mimeType'],
  audio: ['data', 'mimeType'],
  resource_link: ['uri', 'name'],
  resource: [],
};

function isBlock(block: Json): boolean {
  if (!isObject(block)) return false;
  const { type, resource } = block;
  if (typeof type !== 'string' || !Object.hasOwn(BLOCKS, type)) return false;
  if (type === 'resource' && !isContents(resource)) return false;
  return BLOCKS[type]?.every((member) => typeof block[member] === 'string') === true;
}

function isContents(resource: Json | undefined): boolean {
  if (!isObject(resource)) return false;
  const { uri, text, blob } = resource;
  return typeof uri === 'string' && (typeof text === 'string' || typeof blob === 'string');
}
