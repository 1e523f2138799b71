/** Tools of the conformance fixture, as the suite's scenarios name them. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type InputRequests,
  type InputRequiredResult,
  inputRequired,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { Away } from './fixture-away.ts';
import { COMES_AND_GOES, PNG } from './fixture-offers.ts';

interface FixtureCall {
  readonly args: Readonly<Record<string, unknown>>;
  readonly context: ServerContext;
  readonly server: Server;
  /** Tells whoever listens that a list changed. */
  readonly changed: (list: 'tools' | 'prompts') => void;
  readonly away: Away;
}

type FixtureResult = CallToolResult | InputRequiredResult;

interface FixtureTool {
  readonly description: string;
  readonly inputSchema?: { readonly type: 'object'; readonly [key: string]: unknown };
  run(call: FixtureCall): FixtureResult | Promise<FixtureResult>;
}

const text = (value: string): CallToolResult => ({ content: [{ type: 'text', text: value }] });
const PAUSE_MS = 50;
const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA=';

const STATE_KEY = randomBytes(32);
const signature = (state: string) => createHmac('sha256', STATE_KEY).update(state).digest('base64url');
const sealState = (state: string) => `${state}.${signature(state)}`;

/** What a state holds that this server gave out. */
export function openState(sealed: string): string {
  const [state = '', given = ''] = sealed.split('.');
  const expected = Buffer.from(signature(state));
  const presented = Buffer.from(given);
  if (presented.length !== expected.length || !timingSafeEqual(presented, expected)) {
    throw new ProtocolError(-32_602, 'Invalid or expired requestState');
  }
  return state;
}

const form = (message: string, name: string, type: 'string' | 'boolean') =>
  inputRequired.elicit({
    message,
    requestedSchema: {
      type: 'object',
      properties: { [name]: type === 'string' ? { type } : { type } },
      required: [name],
    },
  });
const question = (message: string, maxTokens = 100) =>
  inputRequired.createMessage({
    messages: [{ role: 'user', content: { type: 'text', text: message } }],
    maxTokens,
  });

/** A tool that asks for these until it has an answer to each. */
function asking(
  requests: InputRequests,
  finish: (answers: Readonly<Record<string, unknown>>) => FixtureResult,
  state?: string,
): FixtureTool['run'] {
  return ({ context }) => {
    const answers = context.mcpReq.inputResponses ?? {};
    if (Object.keys(requests).every((key) => answers[key] !== undefined)) return finish(answers);
    return inputRequired({
      inputRequests: requests,
      ...(state === undefined ? {} : { requestState: sealState(state) }),
    });
  };
}

/** What the client of this request says it can do; the SDK's type leaves the envelope open. */
function capabilitiesOf({ mcpReq }: ServerContext): ClientCapabilities {
  const envelope = mcpReq.envelope as { readonly [CLIENT_CAPABILITIES_META_KEY]?: ClientCapabilities };
  return envelope?.[CLIENT_CAPABILITIES_META_KEY] ?? {};
}

const contentOf = (answer: unknown) => (answer as { readonly content?: Record<string, unknown> })?.content;

/** Asks the client over the older era's channel, and tells what it said. */
function eliciting(requestedSchema: object): FixtureTool['run'] {
  return async ({ context, args }) => {
    const answer = await context.mcpReq.elicitInput({
      mode: 'form',
      message: String(args['message'] ?? 'Please fill this in'),
      requestedSchema: requestedSchema as never,
    });
    return text(
      `Elicitation completed: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`,
    );
  };
}

/** Calls of `test_wait` that were cancelled in this process. */
let cancelled = 0;

const OPTIONS = ['option1', 'option2', 'option3'];
const titled = (titles: readonly string[]) => titles.map((title, at) => ({ const: `value${at + 1}`, title }));

/** A schema with keywords that a server or gateway on the way may lose. */
const RICH_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
} as const;

export const TOOLS: Readonly<Record<string, FixtureTool>> = {
  json_schema_2020_12_tool: {
    description: 'has a rich schema',
    inputSchema: RICH_SCHEMA,
    run: () => text('ok'),
  },
  test_simple_text: {
    description: 'gives a text',
    run: () => text('This is a simple text response for testing.'),
  },
  // A stream that is closed early is each hop's own choice: this server, like the gateway, answers on it.
  test_reconnection: { description: 'answers', run: () => text('reconnected') },
  greet: {
    description: 'greets',
    inputSchema: { type: 'object', properties: { name: { type: 'string' } } },
    run: ({ args }) => text(`Hello, ${String(args['name'] ?? 'you')}!`),
  },
  test_image_content: {
    description: 'gives an image',
    run: () => ({ content: [{ type: 'image', data: PNG, mimeType: 'image/png' }] }),
  },
  test_audio_content: {
    description: 'gives a sound',
    run: () => ({ content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }] }),
  },
  test_embedded_resource: {
    description: 'gives a resource',
    run: () => ({
      content: [
        {
          type: 'resource',
          resource: {
            uri: 'test://embedded-resource',
            mimeType: 'text/plain',
            text: 'This is an embedded resource content.',
          },
        },
      ],
    }),
  },
  test_multiple_content_types: {
    description: 'gives several kinds of content',
    run: () => ({
      content: [
        { type: 'text', text: 'Multiple content types test:' },
        { type: 'image', data: PNG, mimeType: 'image/png' },
        {
          type: 'resource',
          resource: {
            uri: 'test://mixed-content-resource',
            mimeType: 'application/json',
            text: '{"test":"data","value":123}',
          },
        },
      ],
    }),
  },
  test_error_handling: {
    description: 'fails',
    run: () => ({ ...text('This tool intentionally returns an error for testing'), isError: true }),
  },
  test_tool_with_logging: {
    description: 'logs while it runs',
    async run({ context }) {
      await context.mcpReq.log('info', 'Tool execution started');
      await delay(PAUSE_MS);
      await context.mcpReq.log('info', 'Tool processing data');
      await delay(PAUSE_MS);
      await context.mcpReq.log('info', 'Tool execution completed');
      return text('logged');
    },
  },
  test_logging_tool: {
    description: 'logs once',
    async run({ context }) {
      await context.mcpReq.log('info', 'logged');
      return text('logged');
    },
  },
  test_tool_with_progress: {
    description: 'reports progress',
    async run({ context: { mcpReq } }) {
      const progressToken = mcpReq._meta?.progressToken;
      for (const progress of [0, PAUSE_MS, 100]) {
        if (progressToken !== undefined) {
          await mcpReq.notify({
            method: 'notifications/progress',
            params: { progressToken, progress, total: 100 },
          });
        }
        await delay(PAUSE_MS);
      }
      return text('done');
    },
  },
  test_sampling: {
    description: "asks the client's model",
    inputSchema: { type: 'object', properties: { prompt: { type: 'string' } }, required: ['prompt'] },
    async run({ context, args }) {
      const answer = await context.mcpReq.requestSampling({
        messages: [{ role: 'user', content: { type: 'text', text: String(args['prompt']) } }],
        maxTokens: 100,
      });
      const { content } = answer as { readonly content: { readonly text?: string } };
      return text(`LLM response: ${content.text ?? ''}`);
    },
  },
  test_elicitation: {
    description: 'asks the person',
    inputSchema: { type: 'object', properties: { message: { type: 'string' } }, required: ['message'] },
    run: eliciting({
      type: 'object',
      properties: {
        username: { type: 'string', description: "User's response" },
        email: { type: 'string', description: "User's email address" },
      },
      required: ['username', 'email'],
    }),
  },
  test_elicitation_sep1034_defaults: {
    description: 'asks the person, with defaults',
    run: eliciting({
      type: 'object',
      properties: {
        name: { type: 'string', default: 'John Doe' },
        age: { type: 'integer', default: 30 },
        score: { type: 'number', default: 95.5 },
        status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
        verified: { type: 'boolean', default: true },
      },
      required: [],
    }),
  },
  test_elicitation_sep1330_enums: {
    description: 'asks the person, with choices',
    run: eliciting({
      type: 'object',
      properties: {
        untitledSingle: { type: 'string', enum: OPTIONS },
        titledSingle: { type: 'string', oneOf: titled(['First Option', 'Second Option', 'Third Option']) },
        legacyEnum: {
          type: 'string',
          enum: ['opt1', 'opt2', 'opt3'],
          enumNames: ['Option One', 'Option Two', 'Option Three'],
        },
        untitledMulti: { type: 'array', items: { type: 'string', enum: OPTIONS } },
        titledMulti: {
          type: 'array',
          items: { anyOf: titled(['First Choice', 'Second Choice', 'Third Choice']) },
        },
      },
      required: [],
    }),
  },
  test_missing_capability: {
    description: "needs the client's model",
    run({ context }) {
      const declared = capabilitiesOf(context);
      if (declared.sampling !== undefined) return text('the client can sample');
      throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } });
    },
  },
  test_streaming_elicitation: {
    description: 'asks the person in a stream',
    run: asking({ name: form('What is your name?', 'name', 'string') }, () => text('thank you')),
  },
  test_wait: {
    description: 'waits until it is cancelled',
    async run({ context }) {
      const { signal } = context.mcpReq;
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      cancelled += 1;
      return text('cancelled');
    },
  },
  test_cancelled: { description: 'how many waits were cancelled', run: () => text(String(cancelled)) },
  test_trigger_tool_change: {
    description: 'takes a tool away, or gives it back, and says so',
    run({ changed, away }) {
      away.toggle('tools');
      changed('tools');
      return text('changed');
    },
  },
  test_trigger_prompt_change: {
    description: 'takes a prompt away, or gives it back, and says so',
    run({ changed, away }) {
      away.toggle('prompts');
      changed('prompts');
      return text('changed');
    },
  },
  [COMES_AND_GOES]: { description: 'is there, or not', run: () => text('here') },
  test_input_required_result_elicitation: {
    description: 'asks for a name',
    run: asking({ user_name: form('What is your name?', 'name', 'string') }, ({ user_name }) =>
      text(`Hello, ${String(contentOf(user_name)?.['name'])}!`),
    ),
  },
  test_input_required_result_sampling: {
    description: "asks the client's model",
    run: asking({ capital_question: question('What is the capital of France?') }, ({ capital_question }) =>
      text(`The model says: ${JSON.stringify(contentOf(capital_question))}`),
    ),
  },
  test_input_required_result_list_roots: {
    description: 'asks for roots',
    run: asking({ client_roots: inputRequired.listRoots() }, ({ client_roots }) =>
      text(`Roots: ${JSON.stringify(client_roots)}`),
    ),
  },
  test_input_required_result_request_state: {
    description: 'asks with a state',
    run: ({ context }) => {
      const state = context.mcpReq.requestState<string>();
      if (state !== undefined && context.mcpReq.inputResponses?.['confirm'] !== undefined) {
        return text(`state-ok ${state}`);
      }
      return inputRequired({
        inputRequests: { confirm: form('Please confirm', 'ok', 'boolean') },
        requestState: sealState('confirming'),
      });
    },
  },
  test_input_required_result_multiple_inputs: {
    description: 'asks for several things',
    run: asking(
      {
        user_name: form('What is your name?', 'name', 'string'),
        greeting: question('Generate a greeting', 50),
        client_roots: inputRequired.listRoots(),
      },
      (answers) => text(`Have ${Object.keys(answers).sort().join(', ')}`),
      'several',
    ),
  },
  test_input_required_result_multi_round: {
    description: 'asks twice',
    run: ({ context }) => {
      const answers = context.mcpReq.inputResponses ?? {};
      const state = context.mcpReq.requestState<string>();
      if (state === 'round2' && answers['step2'] !== undefined) return text('both answered');
      if (state === 'round1' && answers['step1'] !== undefined) {
        return inputRequired({
          inputRequests: { step2: form('Step 2: What is your favorite color?', 'color', 'string') },
          requestState: sealState('round2'),
        });
      }
      return inputRequired({
        inputRequests: { step1: form('Step 1: What is your name?', 'name', 'string') },
        requestState: sealState('round1'),
      });
    },
  },
  test_input_required_result_tampered_state: {
    description: 'asks with a state that it checks',
    run: asking({ confirm: form('Please confirm', 'ok', 'boolean') }, () => text('confirmed'), 'checked'),
  },
  test_input_required_result_capabilities: {
    description: 'asks for what the client can give',
    run({ context }) {
      const declared = capabilitiesOf(context);
      const requests: InputRequests = {
        ...(declared.elicitation === undefined ? {} : { name: form('What is your name?', 'name', 'string') }),
        ...(declared.sampling === undefined ? {} : { greeting: question('Generate a greeting') }),
      };
      return Object.keys(requests).length === 0
        ? text('nothing to ask')
        : inputRequired({ inputRequests: requests });
    },
  },
};
