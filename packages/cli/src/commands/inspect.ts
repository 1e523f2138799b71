import { type Capabilities, compilePolicy, type Module, moduleToAst } from '@writ/rego';
import { Command } from 'commander';
import { readVerificationKey } from '../bundles/verification-key.ts';
import { type CommandContext, withAction } from '../command.ts';
import { EXIT } from '../exit-status.ts';
import type { BundleFacts, SignatureFacts } from '../inspect/bundle-facts.ts';
import { type Inspected, inspectPath } from '../inspect/inspect-path.ts';
import { type Output, table } from '../output/output.ts';
import { boxTable } from '../present/box-table.ts';

interface InspectOptions {
  readonly annotations?: boolean;
  readonly v0Compatible?: boolean;
  readonly key?: readonly string[];
  readonly alg?: string;
}

const collect = (value: string, before?: string[]): string[] => [...(before ?? []), value];

/** `writ inspect PATH`: what a bundle, folder or file holds, as `opa inspect` prints it, and what Writ makes of it. */
export function inspectCommand(): Command {
  const command = new Command('inspect')
    .description('Say what a bundle, a folder or a Rego file holds: manifest, entrypoints, signatures, data')
    .argument('<path>', 'a bundle folder or archive, or a Rego file')
    .option('-a, --annotations', 'list the annotations')
    .option(
      '--key <file>',
      'public key (PEM) to hold signatures against, or ID=FILE; may be repeated',
      collect,
    )
    .option('--alg <name>', 'algorithm of the keys (default: by the kind of key)')
    .option('--v0-compatible', 'read modules as Rego v0')
    .addHelpText(
      'after',
      '\nExamples:\n  npx writ inspect examples/tutorial/bundle --format json\n  npx writ inspect payments.tar.gz --key author.pem\n\nStatus 1 where a key was given and a signature fits none. The JSON is that of opa inspect, with `writ` beside it.',
    );
  return withAction(command, async ({ output }: CommandContext, path: string, options: InspectOptions) => {
    const keys = Object.fromEntries(
      (options.key ?? []).map((text) => readVerificationKey(text, options.alg)),
    );
    const inspected = await inspectPath(path, options.v0Compatible === true ? 0 : 1, keys);
    output.json({
      ...(inspected.manifest !== undefined && { manifest: inspected.manifest }),
      signatures_config: inspected.signatures,
      namespaces: Object.fromEntries(inspected.namespaces),
      ...requiredOf(inspected.modules),
      ...(options.annotations === true && { annotations: annotationsOf(inspected.modules) }),
      ...(inspected.facts !== undefined && { writ: inspected.facts }),
    });
    if (output.format === 'pretty') show(output, inspected, options);
    const signatures = inspected.facts?.signatures ?? [];
    const wanted = options.key !== undefined;
    const unproven = signatures.some(({ verified_by }) => verified_by === null);
    return wanted && (unproven || signatures.length === 0) ? EXIT.no : EXIT.ok;
  });
}

/** What the modules ask of an engine; nothing where they do not compile by themselves. */
function requiredOf(modules: readonly Module[]): { readonly capabilities?: Capabilities } {
  if (modules.length === 0) return {};
  const { policy } = compilePolicy(modules.map(({ file, text, version }) => ({ file, text, version })));
  return policy === undefined ? {} : { capabilities: policy.requiredCapabilities() };
}

function annotationsOf(modules: readonly Module[]): readonly object[] {
  return modules.flatMap((module) => {
    const printed = (moduleToAst(module)['annotations'] ?? []) as readonly object[];
    return module.annotations.map(({ target }, index) => {
      const rule = target.kind === 'rule' ? module.rules[target.rule] : undefined;
      // OPA places an annotation where what it is about stands.
      const { row, column } = (rule ?? module.package).location;
      return {
        location: { file: module.file, row, col: column },
        path: pathOf(module, rule),
        annotations: printed[index]!,
      };
    });
  });
}

function pathOf(module: Module, rule: Module['rules'][number] | undefined): object[] {
  const names = rule?.head.ref.flatMap((term) => (term.kind === 'string' ? [term.value] : [])) ?? [];
  const steps = [...module.package.path, ...names].map((value) => ({ type: 'string', value }));
  return [{ type: 'var', value: 'data' }, ...steps];
}

function show(output: Output, inspected: Inspected, options: InspectOptions): void {
  const { manifest, namespaces, modules, facts } = inspected;
  if (manifest !== undefined) {
    const rows = Object.entries(manifest).map(([name, value]) => [
      name.toUpperCase(),
      typeof value === 'string' ? value : JSON.stringify(value),
    ]);
    output.line('MANIFEST:');
    output.line(boxTable(['FIELD', 'VALUE'], rows));
  }
  const rows = [...namespaces].flatMap(([name, files]) => files.map((file) => [name, file]));
  output.line('NAMESPACES:');
  output.line(boxTable(['NAMESPACE', 'FILE'], rows));
  if (facts !== undefined) showFacts(output, facts);
  if (options.annotations !== true) return;
  output.line('ANNOTATIONS:');
  for (const { file, annotations } of modules) {
    for (const { scope, title, description, location } of annotations) {
      output.line(`${file}:${location.row} (${scope}) ${title ?? ''}`.trimEnd());
      if (description !== undefined) output.line(`  ${description}`);
    }
  }
}

function showFacts(output: Output, facts: BundleFacts): void {
  const lines = [
    ...(facts.digest === undefined ? [] : [['DIGEST', facts.digest]]),
    ...(facts.archive_sha256 === undefined
      ? []
      : [['ARCHIVE', `sha256:${facts.archive_sha256}, ${facts.size_bytes} bytes`]]),
    ...(facts.sequence === undefined ? [] : [['SEQUENCE', String(facts.sequence)]]),
    ...(facts.delta === undefined ? [] : [['DELTA', JSON.stringify(facts.delta)]]),
  ];
  for (const line of table(lines)) output.line(line);
  if (facts.entrypoints.length > 0) {
    output.line('ENTRYPOINTS:');
    const entries = facts.entrypoints as readonly Readonly<Record<string, unknown>>[];
    const cells = entries.map(({ layer, kind, path, profile, when }) => [
      String(layer),
      String(kind),
      String(path),
      String(profile),
      JSON.stringify(when),
    ]);
    output.line(boxTable(['LAYER', 'KIND', 'PATH', 'PROFILE', 'WHEN'], cells));
  }
  output.line('SIGNATURES:');
  if (facts.signatures.length === 0) output.line('  none');
  for (const signature of facts.signatures) output.line(`  ${signatureText(output, signature)}`);
  if (facts.data.length > 0) {
    output.line('DATA:');
    const cells = facts.data.map(({ root, size_bytes, values }) => [
      root === '' ? '(everything)' : root,
      `${size_bytes} bytes`,
      `${values} values`,
    ]);
    output.line(boxTable(['ROOT', 'SIZE', 'HOLDS'], cells));
  }
}

function signatureText(output: Output, signature: SignatureFacts): string {
  const { form, key_id, algorithm, scope, covers, not_covered, verified_by } = signature;
  const said = [
    form === 'bundle' ? 'inside' : 'beside',
    algorithm,
    key_id === undefined ? undefined : `key ${key_id}`,
    scope === undefined ? undefined : `scope ${scope}`,
    covers === 'the archive' ? 'covers the archive' : `covers ${covers.length} files`,
    not_covered.length === 0 ? undefined : `not ${not_covered.join(', ')}`,
  ].filter((part) => part !== undefined);
  const verdict =
    verified_by === undefined
      ? 'not checked: no key was given'
      : verified_by === null
        ? output.style('red', `does not hold: ${signature.problems?.join('; ') ?? ''}`)
        : output.style('green', `holds: key ${verified_by}`);
  return `${said.join(', ')}: ${verdict}`;
}
