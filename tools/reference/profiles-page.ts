import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Decision,
  type DecisionRequest,
  hashJson,
  PROFILES,
  type ProfileName,
  validateRequest,
} from '@writ/decision';
import { type CodeBlock, codeBlocks } from './code-blocks.ts';

export const PROFILES_PAGE = 'docs/reference/profiles.md';

/** The page of profiles, each example made anew from the requests that stand at its beginning. */
export function profilesPage(root: string): string {
  let page = readFileSync(join(root, PROFILES_PAGE), 'utf8');
  const [toolCall, httpRequest] = requestsOf(page);
  for (const [name, profile] of Object.entries(PROFILES)) {
    const request = name === 'envoy/v3' ? httpRequest : toolCall;
    const shown = [
      [profile.toInput(withHash(request))],
      [profile.toAnswer(allowed()), profile.toAnswer(denied())],
    ];
    shown.forEach((values, index) => {
      const block = blocksOf(page, name as ProfileName)[index];
      if (block === undefined) return;
      const text = values.map((value) => JSON.stringify(value, null, values.length === 1 ? 2 : 0));
      page = `${page.slice(0, block.start)}${text.join('\n')}\n${page.slice(block.end)}`;
    });
  }
  return page;
}

function requestsOf(page: string): readonly [DecisionRequest, DecisionRequest] {
  const requests = codeBlocks(page)
    .slice(0, 2)
    .map(({ text }) => {
      const read = validateRequest(JSON.parse(text));
      if (!read.ok) throw new Error(`${PROFILES_PAGE}: an example is no request`);
      return read.value;
    });
  const [first, second] = requests;
  if (first === undefined || second === undefined)
    throw new Error(`${PROFILES_PAGE}: two requests are needed`);
  return [first, second];
}

function blocksOf(page: string, name: ProfileName): readonly CodeBlock[] {
  return codeBlocks(page).filter(({ heading }) => heading === `\`${name}\``);
}

/** As the decision point does before policies see a request. */
function withHash(request: DecisionRequest): DecisionRequest {
  const { args } = request.action;
  return args === undefined
    ? request
    : { ...request, action: { ...request.action, arg_hash: hashJson(args, sha256Hex) } };
}

const COMMON = {
  decision_id: 'dec-01a1fdc8-6b74-7ce2-afcd-5e429c696bbf',
  policy: 'payments',
  obligations: [],
  metadata: {},
} as const;

function allowed(): Decision {
  const reasons = [{ code: 'ok', outcome: 'allow' as const }];
  return { ...COMMON, outcome: 'allow', allow: true, effect: 'proceed', reason: 'ok', reasons };
}

function denied(): Decision {
  const reason = 'amount_over_limit';
  const reasons = [{ code: reason, outcome: 'deny' as const }];
  return { ...COMMON, outcome: 'deny', allow: false, effect: 'refuse', reason, reasons };
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
