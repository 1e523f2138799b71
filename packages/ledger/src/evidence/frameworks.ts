import type { EvidenceAnswer } from './pack.ts';

/** A framework of controls, and what of a pack bears on each. */
export interface Framework {
  readonly title: string;
  readonly controls: readonly Control[];
}
interface Control {
  readonly id: string;
  readonly name: string;
  readonly evidence: (answer: EvidenceAnswer) => string;
}

const access = ({ entries, bundles }: EvidenceAnswer): string =>
  `each of the ${entries} entries holds the verdict of a policy before the effect; ${bundles.length} bundle revisions decided, named by digest.`;
const leastRight = ({ matches }: EvidenceAnswer): string =>
  `${matches.refused} matching calls were refused and ${matches.proceeded} proceeded, each with its reasons and rules.`;
const changes = ({ bundles }: EvidenceAnswer): string =>
  `the policies in force are named by revision and digest for ${bundles.length} spans of entries; activations and approvals are entries of the same log.`;
const audit = ({ entries, covered_to }: EvidenceAnswer): string =>
  `${entries} entries without a gap, hashed into a signed tree, whole until ${covered_to}.`;
const monitoring = ({ matches, open }: EvidenceAnswer): string =>
  `${matches.total} entries match, ${open.total} cannot be excluded; each is named.`;
const integrity = ({ erased }: EvidenceAnswer): string =>
  `range, inclusion and consistency proofs (RFC 6962) under a signed checkpoint; ${erased.total} fields were erased, each on record.`;
const identity = (): string =>
  'each call names tenant, principal, agent and the enforcement point that vouched for them, under commitments in the tree.';
const retention = ({ covered_to }: EvidenceAnswer): string =>
  `the log was kept and is whole until ${covered_to}; earlier checkpoints show since when.`;

/** The frameworks that `--framework` knows. */
export const FRAMEWORKS = {
  soc2: {
    title: 'SOC 2 (Trust Services Criteria)',
    controls: [
      { id: 'CC6.1', name: 'logical access security', evidence: access },
      { id: 'CC6.3', name: 'access by role and least privilege', evidence: leastRight },
      { id: 'CC7.2', name: 'monitoring for anomalies', evidence: monitoring },
    ],
  },
  iso27001: {
    title: 'ISO/IEC 27001:2022, Annex A',
    controls: [
      { id: 'A.5.15', name: 'access control', evidence: access },
      { id: 'A.8.2', name: 'privileged access rights', evidence: changes },
      {
        id: 'A.8.3',
        name: 'information access restriction (with A.8.2 formerly A.9.4)',
        evidence: leastRight,
      },
      { id: 'A.8.15', name: 'logging', evidence: audit },
    ],
  },
  hipaa: {
    title: 'HIPAA Security Rule, 45 CFR 164.312',
    controls: [
      { id: '164.312(a)(1)', name: 'access control', evidence: access },
      { id: '164.312(b)', name: 'audit controls', evidence: audit },
      { id: '164.312(c)(1)', name: 'integrity', evidence: integrity },
      { id: '164.312(d)', name: 'person or entity authentication', evidence: identity },
    ],
  },
  'eu-ai-act': {
    title: 'Regulation (EU) 2024/1689 (AI Act)',
    controls: [
      { id: 'Article 12', name: 'record-keeping', evidence: audit },
      { id: 'Article 19', name: 'automatically generated logs', evidence: retention },
      { id: 'Article 26(6)', name: 'logs kept by deployers', evidence: retention },
    ],
  },
} as const satisfies Readonly<Record<string, Framework>>;
export type FrameworkName = keyof typeof FRAMEWORKS;

export function isFramework(name: string): name is FrameworkName {
  return Object.hasOwn(FRAMEWORKS, name);
}
