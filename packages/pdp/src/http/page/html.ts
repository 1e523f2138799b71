import { createHash } from 'node:crypto';
import type { Approval } from '@writ/decision';
import type { PendingLine } from '../../pipeline/pending-line.ts';

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#111}table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid #ddd}pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f4f4;padding:.6rem}.bad{color:#a00}button{font:inherit;padding:.4rem 1rem;margin-right:.5rem}';

/** No script at all, one style by its hash, no other place, no frame round the page. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  // Not `no-referrer`: forms would then be sent without their origin, which is checked.
  'Referrer-Policy': 'same-origin',
};

/** A text as it may stand in an element or a quoted attribute; what could turn a line round or hide is shown as such. */
export function escapeHtml(text: string): string {
  return text
    .replace(/(?![\n\t])[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** A whole page; `body` is made of escaped texts. */
export function document(title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title><style>${STYLE}</style><body>${body}</body></html>`;
}

export function loginPage(message: string | undefined, next: string): string {
  const said = message === undefined ? '' : `<p class="bad">${escapeHtml(message)}</p>`;
  return document(
    'Approvals',
    `<h1>Approvals</h1>${said}<form method="post" action="/approvals/login"><input type="hidden" name="next" value="${escapeHtml(next)}"><label>Your token <input type="password" name="token" autocomplete="current-password" required></label> <button>Go on</button></form>`,
  );
}

export function listPage(lines: readonly PendingLine[], who: string, csrf: string): string {
  // Calls of one group stand together, so that they are judged together.
  const rows = lines
    .toSorted((left, right) => (left.group ?? '').localeCompare(right.group ?? ''))
    .map(
      (line) =>
        `<tr><td><input type="checkbox" name="id" value="${escapeHtml(line.id)}" aria-label="choose"></td><td><a href="/approvals/${encodeURIComponent(line.id)}">${escapeHtml(line.tool ?? line.type)}</a></td><td>${escapeHtml(`${line.actor} for ${line.principal}`)}</td><td>${escapeHtml(line.reason ?? '')}${line.group === undefined ? '' : ` (${escapeHtml(line.group)})`}${line.appeal === true ? ' (appeal)' : ''}${line.standing === true ? ' (a yes also makes a standing permission)' : ''}</td><td>${line.votes} of ${line.needed}</td><td>${line.age_seconds} s</td></tr>`,
    )
    .join('');
  const table =
    lines.length === 0
      ? '<p>Nothing waits.</p>'
      : `<form method="post" action="/approvals"><input type="hidden" name="csrf" value="${csrf}"><table><tr><th></th><th>What</th><th>Who</th><th>Why</th><th>Yes</th><th>Age</th></tr>${rows}</table><p><label>Comment <input name="comment" maxlength="4000"></label></p><button name="verdict" value="approve">Approve the chosen</button><button name="verdict" value="deny">Deny the chosen</button></form>`;
  return document(
    'Approvals',
    `<h1>${lines.length} waiting</h1><p><a href="/approvals/standing">Standing permissions</a></p>${table}${footer(who, csrf)}`,
  );
}

export function approvalPage(
  approval: Approval,
  who: string,
  csrf: string,
  message: string | undefined,
): string {
  const { id, action, status } = approval;
  const said = message === undefined ? '' : `<p class="bad">${escapeHtml(message)}</p>`;
  const rows = rowsOf(approval)
    .map(([name, text]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(text)}</td></tr>`)
    .join('');
  const args = `<pre>${escapeHtml(JSON.stringify(action.args ?? {}, undefined, 2))}</pre>`;
  const form =
    status === 'pending'
      ? `<form method="post" action="/approvals/${encodeURIComponent(id)}"><input type="hidden" name="csrf" value="${csrf}"><p><label>Comment <input name="comment" maxlength="4000"></label></p><button name="verdict" value="approve">Approve this call, once</button><button name="verdict" value="deny">Deny</button></form>`
      : '';
  return document(
    `Approval of ${action.tool ?? action.type}`,
    `<p><a href="/approvals">All that waits</a></p><h1>${escapeHtml(action.tool ?? action.type)}: ${status}</h1>${said}<table>${rows}</table><h2>Arguments</h2>${args}${form}${footer(who, csrf)}`,
  );
}

function rowsOf(approval: Approval): readonly (readonly [name: string, text: string])[] {
  const {
    principal,
    actor,
    action,
    session,
    if_approved: yes,
    votes = [],
    needed = 1,
    masked = [],
  } = approval;
  return [
    ['Server', action.server ?? '–'],
    [
      'Who',
      `${actor.id} for ${principal.id}${principal.tenant === undefined ? '' : ` (${principal.tenant})`}`,
    ],
    ...((approval.delegation ?? []).length === 0
      ? []
      : [['Chain', (approval.delegation ?? []).map(({ id }) => id).join(' → ')] as const]),
    [
      'Why',
      approval.reasons
        .map(
          ({ code, message, rule }) =>
            `${code}${message === undefined ? '' : `: ${message}`}${rule === undefined ? '' : ` [${rule}]`}`,
        )
        .join('; '),
    ],
    [
      'If yes',
      yes === undefined
        ? 'it runs once'
        : `it runs once, within ${yes.valid_seconds} s: ${JSON.stringify(yes)}`,
    ],
    ...(approval.appeal === undefined
      ? []
      : [['Appeal', approval.appeal.justification ?? 'against a denial, without a reason'] as const]),
    ...(approval.standing === undefined
      ? []
      : [
          [
            'And then',
            `a yes also permits further calls without asking: ${JSON.stringify(approval.standing)}`,
          ] as const,
        ]),
    ['Session', session === undefined ? '–' : JSON.stringify(session)],
    [
      'Before',
      (approval.recent ?? []).map((line) => `${line.time} ${line.outcome} ${line.reason ?? ''}`).join('\n') ||
        '–',
    ],
    ['Not shown', masked.join(', ') || '–'],
    ['Yes', `${votes.length} of ${needed}${votes.map(({ by }) => `, ${by}`).join('')}`],
    ['Until', approval.expires_at],
    [
      'Decided',
      approval.decided_by === undefined ? '–' : `${approval.decided_by} at ${approval.decided_at ?? ''}`,
    ],
  ];
}

/** Who is logged in, and the way out. */
export function footer(who: string, csrf: string): string {
  return `<form method="post" action="/approvals/logout"><p>${escapeHtml(who)} <input type="hidden" name="csrf" value="${csrf}"><button>Leave</button></p></form>`;
}

export function messagePage(title: string, text: string): string {
  return document(
    title,
    `<h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p><p><a href="/approvals">All that waits</a></p>`,
  );
}
