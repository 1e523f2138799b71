/** Resources and prompts of the conformance fixture, as the suite's scenarios name them. */
import {
  type GetPromptResult,
  type InputRequiredResult,
  inputRequired,
  type ReadResourceResult,
  ResourceNotFoundError,
  type ServerContext,
} from '@modelcontextprotocol/server';

/** One red pixel. */
export const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';

export const RESOURCES = [
  { uri: 'test://static-text', name: 'static text', description: 'a text', mimeType: 'text/plain' },
  { uri: 'test://static-binary', name: 'static image', description: 'an image', mimeType: 'image/png' },
  { uri: 'test://watched-resource', name: 'watched', description: 'changes', mimeType: 'text/plain' },
] as const;

export const TEMPLATES = [
  {
    uriTemplate: 'test://template/{id}/data',
    name: 'template',
    description: 'data by id',
    mimeType: 'application/json',
  },
] as const;

export function readFixtureResource(uri: string): ReadResourceResult {
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id !== undefined) {
    const text = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });
    return { contents: [{ uri, mimeType: 'application/json', text }] };
  }
  if (uri === 'test://static-binary') return { contents: [{ uri, mimeType: 'image/png', blob: PNG }] };
  if (RESOURCES.some((resource) => resource.uri === uri)) {
    return {
      contents: [{ uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' }],
    };
  }
  throw new ResourceNotFoundError(uri);
}

/** The tool and the prompt that come and go. */
export const COMES_AND_GOES = 'test_comes_and_goes';

interface FixturePrompt {
  readonly description: string;
  readonly args?: readonly string[];
  get(args: Readonly<Record<string, string>>, context: ServerContext): GetPromptResult | InputRequiredResult;
}

const said = (text: string) => ({ role: 'user', content: { type: 'text', text } }) as const;

export const PROMPTS: Readonly<Record<string, FixturePrompt>> = {
  [COMES_AND_GOES]: { description: 'is there, or not', get: () => ({ messages: [said('here')] }) },
  test_simple_prompt: {
    description: 'a prompt without arguments',
    get: () => ({ messages: [said('This is a simple prompt for testing.')] }),
  },
  test_prompt_with_arguments: {
    description: 'a prompt with arguments',
    args: ['arg1', 'arg2'],
    get: ({ arg1, arg2 }) => ({
      messages: [said(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)],
    }),
  },
  test_prompt_with_embedded_resource: {
    description: 'a prompt that holds a resource',
    args: ['resourceUri'],
    get: ({ resourceUri = '' }) => ({
      messages: [
        {
          role: 'user',
          content: {
            type: 'resource',
            resource: {
              uri: resourceUri,
              mimeType: 'text/plain',
              text: 'Embedded resource content for testing.',
            },
          },
        },
        said('Please process the embedded resource above.'),
      ],
    }),
  },
  test_prompt_with_image: {
    description: 'a prompt that holds an image',
    get: () => ({
      messages: [
        { role: 'user', content: { type: 'image', data: PNG, mimeType: 'image/png' } },
        said('Please analyze the image above.'),
      ],
    }),
  },
  test_input_required_result_prompt: {
    description: 'a prompt that asks for its context first',
    get(_args, { mcpReq }) {
      const answer = mcpReq.inputResponses?.['user_context'] as
        | { readonly content?: { readonly context?: unknown } }
        | undefined;
      if (answer?.content?.context !== undefined) {
        return { messages: [said(`In the context of ${String(answer.content.context)}`)] };
      }
      return inputRequired({
        inputRequests: {
          user_context: inputRequired.elicit({
            message: 'What context should the prompt use?',
            requestedSchema: {
              type: 'object',
              properties: { context: { type: 'string' } },
              required: ['context'],
            },
          }),
        },
      });
    },
  },
};
