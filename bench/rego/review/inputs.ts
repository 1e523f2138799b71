import type { Container, ReviewInput, Service } from './by-hand.ts';

const DIGEST = `@sha256:${'0f'.repeat(32)}`;

function container(name: string, over: Partial<Container> = {}): Container {
  return {
    name,
    image: `registry.example/${name}${DIGEST}`,
    ports: [8080],
    capabilities: ['network.out'],
    memory_mib: 512,
    ...over,
  };
}

function service(name: string, over: Partial<Service> = {}): Service {
  return {
    name,
    change: 'update',
    regions: ['eu-west', 'eu-central'],
    zones: ['a', 'b'],
    replicas: 3,
    cost_per_replica: 40,
    labels: { owner: 'payments', cost_centre: 'cc-17', service: name },
    data_classes: ['internal'],
    depends_on: [],
    containers: [container(name), container(`${name}-proxy`, { ports: [9090] })],
    ...over,
  };
}

const QUIET: ReviewInput = {
  change: 'c-100',
  author: 'user:1',
  environment: 'production',
  calendar: { frozen: false },
  services: [
    service('ledger', { data_classes: ['internal', 'personal'] }),
    service('search', { depends_on: ['ledger'] }),
    service('mail', { change: 'none', depends_on: ['search'] }),
    service('reports', { replicas: 2, depends_on: ['ledger', 'search'] }),
  ],
  findings: [{ id: 'f-1', severity: 'low' }],
  approvals: [
    { by: 'user:2', change: 'c-100', teams: ['payments', 'privacy'] },
    { by: 'user:3', change: 'c-100', teams: ['finance', 'security'] },
  ],
};

/** A change that passes, and others with one thing or many against them. */
export const REVIEW_INPUTS: readonly ReviewInput[] = [
  QUIET,
  { ...QUIET, approvals: QUIET.approvals.slice(1) },
  { ...QUIET, calendar: { frozen: true } },
  { ...QUIET, environment: 'moon', approvals: [] },
  {
    ...QUIET,
    services: [
      ...QUIET.services,
      service('old', { change: 'remove', labels: {} }),
      service('agent', {
        regions: ['us-east', 'mars'],
        data_classes: ['personal', 'secret'],
        depends_on: ['old', 'nowhere'],
        replicas: 1,
        labels: { service: 'agent' },
        containers: [
          container('agent', {
            capabilities: ['shell.root', 'network.any'],
            image: 'docker.example/agent:latest',
          }),
          container('side', { memory_mib: 8192 }),
        ],
      }),
    ],
    findings: [
      { id: 'f-2', severity: 'critical' },
      { id: 'f-3', severity: 'high', waived: true },
      { id: 'f-4', severity: 'medium' },
    ],
  },
  { ...QUIET, environment: 'staging', author: 'user:2', findings: [{ id: 'f-5', severity: 'medium' }] },
];
