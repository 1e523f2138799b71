import { ACTION_TYPES, ENTRYPOINT_KINDS, type JsonObject, LAYERS, nearestName, PHASES } from '@writ/decision';
import { z } from 'zod';
import type { Entrypoint, When } from './bundle.ts';
import type { WasmResolver } from './bundle-engine.ts';
import { withoutLead } from './files.ts';
import type { BundleProblem } from './problem.ts';
import { type Release, releaseSchema } from './release.ts';
import { type Governance, governanceFields, type Stewardship, stewardshipOf } from './stewardship.ts';

const name = z.string().min(1).max(512);
const names = z.array(name).min(1).describe('Exact, or with a `*` at the end for any that begins so.');

const whenSchema = z
  .strictObject({
    types: z.array(z.enum(ACTION_TYPES)).min(1).optional(),
    phases: z.array(z.enum(PHASES)).min(1).optional(),
    servers: names.optional(),
    tools: names.optional(),
    capabilities: names.optional(),
    tenants: names.optional(),
  })
  .describe('Outside of it the entrypoint is not consulted.');

const entrypointFields = {
  kind: z.enum(ENTRYPOINT_KINDS),
  layer: z.enum(LAYERS).optional(),
  profile: name.optional(),
  when: whenSchema.optional(),
  ...governanceFields,
};

const entrypointSchema = z.strictObject({
  path: z
    .string()
    .regex(/^[^/\s]+(\/[^/]+)*$/, 'must be a slash path below `data`, such as `agent/tools/decision`'),
  ...entrypointFields,
});

/** What `custom.writ` of a Rego annotation may hold: an entrypoint without its path. */
export const annotationSchema = z.strictObject({
  ...entrypointFields,
  kind: entrypointFields.kind.optional(),
});

const contentDigest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be `sha256:` and 64 hex digits');

const deltaSchema = z
  .strictObject({
    from: contentDigest.optional().describe('Digest of the bundle that the patch changes.'),
    from_revision: z.string().max(512).optional().describe('Its revision.'),
    to: contentDigest.optional().describe('Digest of the bundle that comes out.'),
  })
  .describe('Only beside a `patch.json`: what a delta bundle is made for.');

/** OPA's `.manifest` with Writ's part under `metadata.writ`; published as `schemas/manifest.schema.json`. */
export const manifestSchema = z.strictObject({
  $schema: z.string().optional(),
  revision: z.string().max(512).optional(),
  roots: z.array(z.string()).optional(),
  rego_version: z.union([z.literal(0), z.literal(1)]).optional(),
  file_rego_versions: z.record(z.string(), z.union([z.literal(0), z.literal(1)])).optional(),
  wasm: z.array(z.looseObject({ entrypoint: z.string(), module: z.string() })).optional(),
  metadata: z
    .looseObject({
      writ: z
        .strictObject({
          engine: z
            .enum(['rego', 'wasm', 'cedar'])
            .optional()
            .describe(
              'What evaluates it: `rego` (the default) its Rego, `wasm` the modules of `opa build -t wasm`, `cedar` its `*.cedar`.',
            ),
          layer: z
            .enum(LAYERS)
            .optional()
            .describe(
              'The one layer that all its entrypoints stand in, and the layer of those that name none.',
            ),
          profile: name.optional().describe('The input profile of entrypoints that name none.'),
          when: whenSchema
            .optional()
            .describe('Where entrypoints are consulted that do not say so themselves.'),
          ...governanceFields,
          entrypoints: z.array(entrypointSchema).optional(),
          sequence: z
            .int()
            .nonnegative()
            .optional()
            .describe('Grows with each publication; one that is lower than what was active is refused.'),
          rollback_to: z
            .string()
            .max(512)
            .optional()
            .describe('The revision whose content this is once more; it has a higher sequence all the same.'),
          delta: deltaSchema.optional(),
          release: releaseSchema.optional(),
        })
        .optional(),
    })
    .optional(),
});

/** JSON Schema (2020-12) of the manifest, made from the validator so that they cannot drift apart. */
export function manifestJsonSchema(): object {
  return {
    title: 'Manifest of a Writ bundle',
    ...z.toJSONSchema(manifestSchema, { target: 'draft-2020-12' }),
  };
}

/** A manifest that was read and checked. */
export interface Manifest {
  readonly revision: string;
  readonly engine?: 'rego' | 'wasm' | 'cedar';
  readonly wasm: readonly WasmResolver[];
  readonly roots?: readonly string[];
  readonly regoVersion: 0 | 1;
  readonly fileRegoVersions: readonly (readonly [glob: string, version: 0 | 1])[];
  readonly metadata: JsonObject;
  readonly sequence?: number;
  /** Of a delta bundle: what it changes. */
  readonly delta?: { readonly from?: string; readonly from_revision?: string; readonly to?: string };
  readonly rollbackTo?: string;
  readonly release?: Release;
  readonly governance: Governance;
  /** What holds for entrypoints that do not say so themselves. */
  readonly defaults: EntrypointDefaults;
  readonly entrypoints: readonly Entrypoint[];
}

/** What a manifest says for all of its entrypoints. */
export type EntrypointDefaults = Pick<WrittenEntrypoint, 'layer' | 'profile' | 'when'>;

export type ManifestResult =
  | { readonly ok: true; readonly manifest: Manifest }
  | { readonly ok: false; readonly problems: readonly BundleProblem[] };

/** The manifest of a bundle that has none. */
export const EMPTY_MANIFEST: Manifest = Object.freeze({
  revision: '',
  wasm: [],
  regoVersion: 1,
  fileRegoVersions: [],
  metadata: {},
  governance: {},
  defaults: {},
  entrypoints: [],
});

/** Checks a parsed `.manifest`. An unknown key is an error that names the nearest right one. */
export function readManifest(document: unknown, file = '.manifest'): ManifestResult {
  const parsed = manifestSchema.safeParse(document, { reportInput: true });
  if (!parsed.success)
    return { ok: false, problems: describeIssues(parsed.error, manifestJsonSchema(), file) };
  const value = parsed.data;
  const writ = value.metadata?.writ ?? {};
  const problems: BundleProblem[] = [...checkCadence(writ, file, '/metadata/writ')];
  const defaults: EntrypointDefaults = { layer: writ.layer, profile: writ.profile, when: writ.when };
  const governance: Governance = {
    ...stewardshipOf(writ),
    ...(writ.layer === undefined ? {} : { layer: writ.layer }),
  };
  const entrypoints = (writ.entrypoints ?? []).map((entry, index) => {
    const entrypoint = completeEntrypoint(entry.path, entry, defaults);
    const pointer = `/metadata/writ/entrypoints/${index}`;
    problems.push(...checkEntrypoint(entrypoint).map((problem) => ({ ...problem, file, pointer })));
    problems.push(...checkCadence({ ...stewardshipOf(writ), ...stewardshipOf(entry) }, file, pointer));
    return entrypoint;
  });
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    manifest: {
      revision: value.revision ?? '',
      ...(writ.engine === undefined ? {} : { engine: writ.engine }),
      wasm: (value.wasm ?? []).map(({ entrypoint, module }) => ({
        entrypoint: entrypoint.replace(/^\/+/, ''),
        module: withoutLead(module),
      })),
      ...(value.roots === undefined
        ? {}
        : { roots: value.roots.map((root) => root.replace(/^\/+|\/+$/g, '')) }),
      regoVersion: value.rego_version ?? 1,
      fileRegoVersions: Object.entries(value.file_rego_versions ?? {}),
      metadata: (value.metadata ?? {}) as JsonObject,
      ...(value.metadata?.writ?.delta === undefined
        ? {}
        : { delta: definedMembers(value.metadata.writ.delta) }),
      ...ofPublication(value.metadata?.writ),
      governance,
      defaults,
      entrypoints,
    },
  };
}

function definedMembers<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

type WrittenStewardship = { readonly [Key in keyof Stewardship]?: Stewardship[Key] | undefined };

/** Without the day of the last review nobody could tell when the next one is due. */
function checkCadence(written: WrittenStewardship, file: string, pointer: string): BundleProblem[] {
  if (written.cadence === undefined || written.reviewed_at !== undefined) return [];
  const message = '`cadence` says how often it is reviewed, and nothing says when it was';
  const help = 'add `"reviewed_at": "2026-11-21"`, the day of the last review';
  return [{ code: 'manifest_invalid', message, file, pointer: `${pointer}/cadence`, help }];
}

/** Fields of an entrypoint as they are written; what is left out gets its default here and nowhere else. */
export interface WrittenEntrypoint extends WrittenStewardship {
  readonly kind?: Entrypoint['kind'] | undefined;
  readonly layer?: Entrypoint['layer'] | undefined;
  readonly profile?: string | undefined;
  readonly when?: { readonly [K in keyof When]?: When[K] | undefined } | undefined;
}

/** Kinds that have one layer of their own; the others stand in `resource` unless they say otherwise. */
const LAYER_OF_KIND: { readonly [K in Entrypoint['kind']]?: Entrypoint['layer'] } = {
  grant: 'resource',
  capabilities: 'identity',
  overrides: 'override',
  approvers: 'workflow',
};

/**
 * Fills in defaults: kind `grant`; the kind's layer, else the manifest's, else `resource`; the manifest's profile or
 * `writ/v1`; phase `call` (`list` for `visible`).
 */
export function completeEntrypoint(
  path: string,
  written: WrittenEntrypoint,
  defaults: EntrypointDefaults = {},
): Entrypoint {
  const kind = written.kind ?? 'grant';
  const { phases, ...rest } = written.when ?? defaults.when ?? {};
  const limits = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const when: When = {
    phases: phases ?? (kind === 'visible' ? ['list'] : ['call']),
    ...(limits as Partial<When>),
  };
  return Object.freeze({
    path,
    kind,
    layer: written.layer ?? LAYER_OF_KIND[kind] ?? defaults.layer ?? 'resource',
    profile: written.profile ?? defaults.profile ?? 'writ/v1',
    when: Object.freeze(when),
    ...stewardshipOf(written),
  });
}

/** Rules that hold between an entrypoint's fields: a kind with a layer of its own stands nowhere else. */
export function checkEntrypoint(entrypoint: Entrypoint): BundleProblem[] {
  const own = LAYER_OF_KIND[entrypoint.kind];
  if (own !== undefined && entrypoint.layer !== own) {
    return [
      problemOf(
        entrypoint,
        `kind \`${entrypoint.kind}\` belongs to layer \`${own}\`, not \`${entrypoint.layer}\``,
      ),
    ];
  }
  if (entrypoint.kind === 'approvers' && entrypoint.profile !== 'writ/v1') {
    return [
      problemOf(entrypoint, 'kind `approvers` has profile `writ/v1`: no other has a place for the approver'),
    ];
  }
  if (own === undefined && entrypoint.layer === 'override') {
    return [
      problemOf(entrypoint, `layer \`override\` holds only kind \`overrides\`, not \`${entrypoint.kind}\``),
    ];
  }
  return [];
}

function problemOf(entrypoint: Entrypoint, message: string): BundleProblem {
  return { code: 'entrypoint_invalid', message: `entrypoint \`${entrypoint.path}\`: ${message}` };
}

/** What a manifest says of its place among others. */
function ofPublication(
  writ: NonNullable<z.infer<typeof manifestSchema>['metadata']>['writ'],
): Pick<Manifest, 'sequence' | 'rollbackTo' | 'release'> {
  const { sequence, rollback_to: rollbackTo, release } = writ ?? {};
  return {
    ...(sequence === undefined ? {} : { sequence }),
    ...(rollbackTo === undefined ? {} : { rollbackTo }),
    ...(release === undefined ? {} : { release: withoutUndefined(release) }),
  };
}

function withoutUndefined(release: z.infer<typeof releaseSchema>): Release {
  return Object.fromEntries(
    Object.entries(release).filter(([, member]) => member !== undefined),
  ) as unknown as Release;
}

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly enum?: readonly unknown[];
}

/** Zod's issues as problems; unknown keys and values name the nearest known ones, found in the JSON Schema. */
export function describeIssues(error: z.ZodError, schema: object, file: string): BundleProblem[] {
  return error.issues.flatMap((issue) => {
    const node = nodeAt(schema as SchemaNode, issue.path);
    const pointer = issue.path
      .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
      .join('');
    if (issue.code === 'unrecognized_keys') {
      const known = Object.keys(node?.properties ?? {});
      return issue.keys.map((key) => ({
        code: 'manifest_invalid' as const,
        message: `unknown key \`${key}\``,
        file,
        pointer: `${pointer}/${key}`,
        ...helpFor(key, known),
      }));
    }
    const known = issue.code === 'invalid_value' ? issue.values.map(String) : [];
    const message = `${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`;
    return [
      {
        code: 'manifest_invalid' as const,
        message,
        file,
        pointer,
        ...helpFor(typeof issue.input === 'string' ? issue.input : undefined, known),
      },
    ];
  });
}

function helpFor(given: string | undefined, known: readonly string[]): { help?: string } {
  if (known.length === 0) return {};
  const nearest = given === undefined ? undefined : nearestName(given, known);
  return {
    help:
      nearest === undefined
        ? `one of ${known.map((key) => `\`${key}\``).join(', ')}`
        : `did you mean \`${nearest}\`?`,
  };
}

function nodeAt(schema: SchemaNode, path: readonly PropertyKey[]): SchemaNode | undefined {
  return path.reduce<SchemaNode | undefined>(
    (node, part) => (typeof part === 'number' ? node?.items : memberOf(node, String(part))),
    schema,
  );
}

function memberOf(node: SchemaNode | undefined, name: string): SchemaNode | undefined {
  const own = node?.properties?.[name];
  if (own !== undefined) return own;
  return typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined;
}
