import {
  httpStatusOf,
  isOverridable,
  jsonRpcCodeOf,
  type ProtocolEra,
  REASON_CATEGORIES,
  REASON_CODES,
  REASON_TABLE,
  type ReasonCategory,
  type ReasonCode,
} from '@writ/decision';

export const REASON_CODES_PAGE = 'docs/reference/reason-codes.md';

const ABOUT: Readonly<Record<ReasonCategory, string>> = {
  granted: 'The call goes on.',
  refused: 'A policy, a person or a rule of Writ says no.',
  stronger_identity: 'The person behind the agent has to prove who they are.',
  unauthenticated: 'Nobody knows who asks.',
  invalid_request: 'The question cannot be read, and no policy saw it.',
  too_large: 'The question is larger than a limit.',
  not_found: 'What the question names is not there.',
  conflict: 'The question does not fit the state of things.',
  limited: 'A limit is used up.',
  unavailable: 'Something that the decision needs failed. The call is refused, and may be tried again.',
};

const HEAD = `# Reason codes

<!-- Written by tools/write-reference.ts from REASON_TABLE of @writ/decision: edit it there. -->

Every decision has reasons, strictest first, each with a \`code\`. The codes below are Writ's own. Policies give codes of
their own beside them; free text of a policy is a \`message\` under code \`objection\`.

The tables say what a code becomes where it ends a message: the HTTP status of an error (and of what Envoy's profile
answers; \`/v1/decide\` and \`/v1/data\` answer 200 with the decision, whatever it says), and the JSON-RPC error code in
the two eras of MCP, where a protocol error is called for.
`;

const FOOT = `
## What an override may lift

An entrypoint of kind \`overrides\` may lift reasons that policies of the layers resource and workflow gave under codes of
their own, and of the codes above these:
LIFTABLE. Never the others.
`;

/** The page of all reason codes, by category. */
export function reasonCodesPage(): string {
  const sections = REASON_CATEGORIES.map((category) => {
    const rows = REASON_CODES.filter((code) => REASON_TABLE[code].category === category).map(
      (code) =>
        `| \`${code}\` | ${REASON_TABLE[code].sentence} | ${httpStatusOf(code)} | ${jsonRpcCell(code, '2025-11-25')} | ${jsonRpcCell(code, '2026-07-28')} |`,
    );
    return [
      `## ${category}`,
      '',
      ABOUT[category],
      '',
      '| Code | Meaning | HTTP | JSON-RPC 2025-11-25 | JSON-RPC 2026-07-28 |',
      '|---|---|---|---|---|',
      ...rows,
      '',
    ].join('\n');
  });
  return `${HEAD}\n${sections.join('\n')}${FOOT.replace('LIFTABLE', liftable())}`;
}

/** What goes on is no error. */
function jsonRpcCell(code: ReasonCode, era: ProtocolEra): string {
  return REASON_TABLE[code].category === 'granted' ? '–' : String(jsonRpcCodeOf(code, era));
}

function liftable(): string {
  return REASON_CODES.filter(
    (code) =>
      isOverridable({ code, layer: 'resource', bundle: 'any', rule: 'data.any' }) && fromPolicies(code),
  )
    .map((code) => `\`${code}\``)
    .join(', ');
}

/** Codes that Writ gives in a policy's name: for an answer without a reason of its own. */
function fromPolicies(code: string): boolean {
  return [
    'not_permitted',
    'objection',
    'approval_required',
    'step_up_required',
    'redaction_required',
  ].includes(code);
}
