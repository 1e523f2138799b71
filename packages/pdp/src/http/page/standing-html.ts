import type { StandingPermission } from '@writ/decision';
import { document, escapeHtml, footer } from './html.ts';

/** Standing permissions as what they are: calls that nobody is asked about, with what is left of each. */
export function standingPage(permissions: readonly StandingPermission[], who: string, csrf: string): string {
  const rows = permissions.map((each) => rowOf(each, csrf)).join('');
  const table =
    permissions.length === 0
      ? '<p>There are none.</p>'
      : `<table><tr><th>What</th><th>Who</th><th>With</th><th>Used</th><th>Until</th><th>By</th><th></th></tr>${rows}</table>`;
  return document(
    'Standing permissions',
    `<p><a href="/approvals">All that waits</a></p><h1>Standing permissions</h1><p>Nobody is asked about these calls.</p>${table}${footer(who, csrf)}`,
  );
}

function rowOf(standing: StandingPermission, csrf: string): string {
  const { id, tool, type, server, actor, principal, uses, used, amount, amount_used: spent = 0 } = standing;
  const { call, arguments: conditions = [], other_arguments: others } = standing;
  const what = `${server === undefined ? '' : `${server}: `}${tool ?? type}`;
  const args =
    call === undefined
      ? [...conditions.map((each) => JSON.stringify(each)), ...(others === 'any' ? ['any other'] : [])].join(
          '\n',
        )
      : `exactly ${call.arg_hash}`;
  const left = `${used} of ${uses}${amount === undefined ? '' : `, ${spent} of ${amount}`}`;
  const cells = [what, `${actor} for ${principal}`, args, left, standing.expires_at, standing.granted_by]
    .map((text) => `<td>${escapeHtml(text)}</td>`)
    .join('');
  return `<tr>${cells}<td><form method="post" action="/approvals/standing"><input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="id" value="${escapeHtml(id)}"><button>Revoke</button></form></td></tr>`;
}
