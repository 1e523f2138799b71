/** The review policy (`policy.rego`) as a programmer would write it by hand; sets stay sets. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly ports: readonly number[];
  readonly capabilities: readonly string[];
  readonly memory_mib?: number;
}
export interface Service {
  readonly name: string;
  readonly change: string;
  readonly regions: readonly string[];
  readonly zones: readonly string[];
  readonly replicas: number;
  readonly cost_per_replica: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly data_classes: readonly string[];
  readonly depends_on: readonly string[];
  readonly containers: readonly Container[];
}
export interface ReviewInput {
  readonly change: string;
  readonly author: string;
  readonly environment: string;
  readonly emergency?: boolean;
  readonly calendar: { readonly frozen: boolean };
  readonly services: readonly Service[];
  readonly findings: readonly { readonly id: string; readonly severity: string; readonly waived?: boolean }[];
  readonly approvals: readonly {
    readonly by: string;
    readonly change: string;
    readonly teams: readonly string[];
  }[];
}

const SEVERITIES: ReadonlyMap<string, number> = new Map([
  ['low', 1],
  ['medium', 2],
  ['high', 3],
  ['critical', 4],
]);
const ENVIRONMENTS = new Map([
  ['development', { approvals: 0, freeze: false, budget: 10_000 }],
  ['staging', { approvals: 1, freeze: false, budget: 5_000 }],
  ['production', { approvals: 2, freeze: true, budget: 2_000 }],
]);
const REGIONS = new Map([
  ['eu-west', { residency: 'eu', zones: new Set(['a', 'b', 'c']) }],
  ['eu-central', { residency: 'eu', zones: new Set(['a', 'b']) }],
  ['us-east', { residency: 'us', zones: new Set(['a', 'b', 'c', 'd']) }],
]);
const CLASSES: ReadonlyMap<string, { readonly rank: number; readonly residency: readonly string[] }> =
  new Map([
    ['public', { rank: 0, residency: [] }],
    ['internal', { rank: 1, residency: [] }],
    ['personal', { rank: 2, residency: ['eu'] }],
    ['secret', { rank: 3, residency: ['eu'] }],
  ]);
const FORBIDDEN = new Set(['shell.root', 'network.any', 'files.write_all']);
const REQUIRED_LABELS = ['cost_centre', 'owner', 'service'];
const REGISTRIES = ['registry.example/', 'mirror.example/'];

function isTrusted(image: string): boolean {
  return REGISTRIES.some((registry) => image.startsWith(registry)) && image.includes('@sha256:');
}

function reachesSecret(service: Service): boolean {
  return service.data_classes.some((name) => (CLASSES.get(name)?.rank ?? 0) >= 3);
}

type Say = (kind: string, name: string, detail: string) => void;

function reviewContainers(service: Service, say: Say): void {
  const seen = new Set<number>();
  let isTaken = false;
  for (const container of service.containers) {
    if (!isTrusted(container.image)) say('image', service.name, container.image);
    for (const capability of container.capabilities) {
      if (FORBIDDEN.has(capability)) say('capability', service.name, capability);
    }
    const { memory_mib: memory } = container;
    if (memory === undefined || (memory > 4096 && !reachesSecret(service)))
      say('memory', service.name, container.name);
    for (const port of container.ports) {
      if (seen.has(port)) isTaken = true;
      seen.add(port);
    }
  }
  if (isTaken) say('port', service.name, 'is taken twice');
}

function reviewPlace(service: Service, say: Say): void {
  const allowed = new Set(service.data_classes.flatMap((name) => CLASSES.get(name)?.residency ?? []));
  const outside = new Set<string>();
  for (const name of service.regions) {
    const region = REGIONS.get(name);
    if (region === undefined) {
      say('region', service.name, name);
      continue;
    }
    if (allowed.size > 0 && !allowed.has(region.residency)) outside.add(region.residency);
    for (const zone of service.zones) if (!region.zones.has(zone)) say('zone', service.name, zone);
  }
  if (outside.size > 0) say('residency', service.name, [...outside].sort().join(','));
}

/** What the policy answers; its sets as sets. */
export function reviewByHand(input: ReviewInput): unknown {
  const violations = new Set<string>();
  const say: Say = (kind, name, detail) => violations.add(`${kind}: ${name}: ${detail}`);
  const environment = ENVIRONMENTS.get(input.environment);
  if (environment === undefined) say('environment', input.environment, 'is not known');
  const names = new Set(input.services.map(({ name }) => name));
  const removed = new Set<string>();
  const changedNames = new Set<string>();
  for (const { name, change } of input.services) {
    if (change !== 'none') changedNames.add(name);
    if (change === 'remove') removed.add(name);
  }
  const changed = input.services.filter(({ name }) => changedNames.has(name));
  const needs = new Set<string>();
  const instances: Record<string, number> = {};
  for (const region of REGIONS.keys()) instances[region] = 0;
  let cost = 0;
  for (const service of changed) {
    const isRemoved = removed.has(service.name);
    for (const region of REGIONS.keys()) if (service.regions.includes(region)) instances[region]! += 1;
    if (!isRemoved) {
      cost += service.replicas * service.cost_per_replica;
      const missing = REQUIRED_LABELS.filter((label) => service.labels[label] === undefined);
      if (missing.length > 0) say('labels', service.name, missing.join(','));
      if (input.environment === 'production' && service.replicas < 2)
        say('replicas', service.name, 'production runs at least two');
    }
    const { owner } = service.labels;
    if (owner !== undefined) needs.add(owner);
    if (service.data_classes.includes('personal')) needs.add('privacy');
    if (reachesSecret(service)) needs.add('security');
    reviewContainers(service, say);
    reviewPlace(service, say);
    for (const dependency of service.depends_on) {
      if (removed.has(dependency) || !names.has(dependency)) say('dependency', service.name, dependency);
    }
  }
  for (const { id, severity, waived } of input.findings) {
    const rank = SEVERITIES.get(severity) ?? 0;
    if (waived === true) continue;
    if (rank >= 3) say('finding', id, severity);
    if (rank >= 2) needs.add('security');
  }
  if (environment !== undefined) {
    if (cost > environment.budget) say('cost', input.environment, 'is above its budget');
    if (cost * 2 > environment.budget) needs.add('finance');
    if (environment.freeze && input.calendar.frozen && input.emergency !== true)
      say('window', input.environment, 'is frozen');
  }
  const approvers = new Set<string>();
  for (const { by, change } of input.approvals) {
    if (change === input.change && by !== input.author) approvers.add(by);
  }
  const lacking = new Set(needs);
  for (const { by, teams } of input.approvals) {
    if (approvers.has(by)) for (const team of teams) lacking.delete(team);
  }
  const isComplete =
    environment !== undefined && environment.approvals <= approvers.size && lacking.size === 0;
  const outcome = violations.size > 0 ? 'deny' : isComplete ? 'allow' : 'escalate';
  return { outcome, violations, needs, lacking, cost, instances };
}
