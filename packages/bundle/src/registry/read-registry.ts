import type { Json, JsonObject } from '@writ/decision';
import { z } from 'zod';
import { describeIssues } from '../manifest.ts';
import { valueAt } from '../pointer.ts';
import type { BundleProblem } from '../problem.ts';
import { checkCapability, checkDescribedTools } from './check-capability.ts';
import type { Capability, ReadRegistry, ReadTool } from './registry-model.ts';
import {
  ANY_NAME,
  FACT_NAMES,
  type RegistryDocument,
  registryJsonSchema,
  registrySchema,
  type ToolFacts,
  type WrittenCapability,
  type WrittenTool,
} from './registry-schema.ts';

/** Where the registry stands in a bundle's data. */
export const REGISTRY_PATH = ['writ', 'registry'] as const;
const REGISTRY_POINTER = `/${REGISTRY_PATH.join('/')}`;

const NOTHING: ReadRegistry = { capabilities: [], tools: [] };

/** The registry document in a bundle's data. */
export function registryOf(data: JsonObject): Json | undefined {
  return valueAt(data, REGISTRY_POINTER);
}

/** Problems of the registry in a bundle's data, each with its pointer from the top; none where it has no registry. */
export function checkRegistry(data: JsonObject): BundleProblem[] {
  const document = registryOf(data);
  if (document === undefined) return [];
  return checkDocument(document).map((problem) => ({
    ...problem,
    pointer: `${REGISTRY_POINTER}${problem.pointer ?? ''}`,
  }));
}

/** Problems of a registry document by itself. */
export function checkDocument(document: Json): BundleProblem[] {
  const parsed = parse(document);
  if (!parsed.success) {
    const schema = registryJsonSchemaFor(document);
    return describeIssues(parsed.error, schema, 'data').map(({ file: _file, ...problem }) => ({
      ...problem,
      code: 'registry_invalid' as const,
    }));
  }
  const written = writtenCapabilities(parsed.data);
  const problems = written.flatMap(({ id, value, pointer }) =>
    checkCapability(value).map((finding) => ({ ...finding, pointer: `${pointer}${finding.pointer}`, id })),
  );
  const twice = written.filter(({ id }, index) => written.findIndex((other) => other.id === id) !== index);
  const repeated = twice.map(({ id, pointer }) => ({
    message: `capability \`${id}\` is described twice`,
    pointer: `${pointer}/id`,
    help: 'put both together',
  }));
  const read = readRegistry('', document);
  return [...problems, ...repeated, ...checkDescribedTools(read)].map(({ message, pointer, help }) => ({
    code: 'registry_invalid',
    message,
    pointer,
    ...(help === undefined ? {} : { help }),
  }));
}

/** One reading of both forms; of what is not valid, nothing. */
export function readRegistry(bundle: string, document: Json | undefined): ReadRegistry {
  if (document === undefined) return NOTHING;
  const parsed = parse(document);
  if (!parsed.success) return NOTHING;
  const capabilities = writtenCapabilities(parsed.data).map(({ id, value, pointer }) => ({
    capability: capabilityOf(bundle, id, value),
    pointer,
  }));
  const listed = writtenCapabilities(parsed.data).flatMap(({ id, value, pointer }) =>
    (value.tools?.allow ?? []).flatMap((tool, index) =>
      (value.servers ?? [ANY_NAME]).map(
        (server): ReadTool => ({
          server,
          tool,
          capability: id,
          facts: { ...factsOf(value), ...described(value, tool) },
          pointer: `${pointer}/tools/allow/${index}`,
        }),
      ),
    ),
  );
  const byServer = Object.entries(parsed.data.servers ?? {}).flatMap(([server, { tools }]) =>
    Object.entries(tools).map(([tool, written]) => toolOf(server, tool, written)),
  );
  return { capabilities, tools: [...listed, ...byServer] };
}

function parse(document: Json): z.ZodSafeParseResult<RegistryDocument> {
  return schemaFor(document).safeParse(document, { reportInput: true }) as never;
}

/** Of the list and the form by id only the one that was written: messages about both would say nothing. */
function schemaFor(document: Json): z.ZodType {
  const [list, byId] = registrySchema.shape.capabilities.unwrap().options;
  const written = (document as { readonly capabilities?: Json } | null)?.capabilities;
  return registrySchema.extend({ capabilities: (Array.isArray(written) ? list : byId).optional() });
}

function registryJsonSchemaFor(document: Json): object {
  return document === null
    ? registryJsonSchema()
    : z.toJSONSchema(schemaFor(document), { target: 'draft-2020-12' });
}

interface Written {
  readonly id: string;
  readonly value: WrittenCapability;
  readonly pointer: string;
}

function writtenCapabilities({ capabilities }: RegistryDocument): readonly Written[] {
  if (capabilities === undefined) return [];
  if (Array.isArray(capabilities))
    return capabilities.map(({ id, ...value }, index) => ({ id, value, pointer: `/capabilities/${index}` }));
  return Object.entries(capabilities).map(([id, value]) => ({
    id,
    value,
    pointer: `/capabilities/${id.replaceAll('~', '~0').replaceAll('/', '~1')}`,
  }));
}

function described({ tools }: WrittenCapability, tool: string): ToolFacts {
  const all = tools?.describe ?? {};
  return Object.hasOwn(all, tool) ? (all[tool] as ToolFacts) : {};
}

function factsOf(written: ToolFacts): ToolFacts {
  return Object.fromEntries(
    FACT_NAMES.flatMap((name) => (written[name] === undefined ? [] : [[name, written[name]]])),
  ) as ToolFacts;
}

function capabilityOf(bundle: string, id: string, written: WrittenCapability): Capability {
  const { description, adapter, protocol, endpoint, authorization, step_up_method, rate_limit } = written;
  return {
    id,
    bundle,
    adapter,
    ...defined({ description, protocol, endpoint, authorization: authorization && defined(authorization) }),
    stepUp: written.step_up ?? false,
    ...defined({ stepUpMethod: step_up_method, rateLimit: rate_limit }),
    servers: written.servers ?? [ANY_NAME],
    tools: written.tools?.allow ?? [],
    ...defined({
      programs: written.programs?.allow,
      methods: written.methods?.map((method) => method.toUpperCase()),
      paths: written.paths,
    }),
    facts: factsOf(written),
  } as Capability;
}

function toolOf(server: string, tool: string, written: WrittenTool): ReadTool {
  const { capability, step_up, step_up_method } = written;
  const step = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
  return {
    server,
    tool,
    capability,
    facts: factsOf(written),
    ...defined({ stepUp: step_up, stepUpMethod: step_up_method }),
    pointer: `/servers/${step(server)}/tools/${step(tool)}`,
  };
}

function defined<Value extends object>(
  value: Value,
): { [Key in keyof Value]: Exclude<Value[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as never;
}
