import type { Approval, ApprovalStatus, JsonObject } from '@writ/decision';

/** Where access requests are made. */
export const REQUESTS_PATH = '/access/v1/requests';

/** The profile's word for what an approval is; once used it stays approved, and its reuse is the evaluation's matter. */
const STATUS: Readonly<Record<ApprovalStatus, string>> = {
  pending: 'pending',
  approved: 'approved',
  used: 'approved',
  denied: 'denied',
  expired: 'expired',
  cancelled: 'cancelled',
};

/** An approval as a task of AuthZEN's access request profile. `base`: the address under which the service was asked. */
export function accessTask(base: string, approval: Approval): JsonObject {
  const { id, status, expires_at, decided_at } = approval;
  const place = `${base}${REQUESTS_PATH}/${id}`;
  const task: JsonObject = {
    id,
    status: STATUS[status],
    status_endpoint: place,
    expires_at,
    ...(status === 'pending' ? { links: { cancel: `${place}/cancel` } } : {}),
  };
  if (STATUS[status] !== 'approved') return { task };
  const given = {
    id,
    ...(decided_at === undefined ? {} : { approved_at: decided_at }),
    approved_until: expires_at,
  };
  return { task, result: { mode: 'reevaluate', approval: given } };
}
