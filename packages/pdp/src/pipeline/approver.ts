/** Somebody who may be asked: a person, by the credential or channel that named them. */
export interface Approver {
  readonly id: string;
  /** Other ids of the same person, as enforcement points name them: nobody approves their own call under any. */
  readonly also?: readonly string[];
  readonly groups: readonly string[];
  /** Limits the approver to approvals of these tenants. */
  readonly tenants?: readonly string[];
  /** The way the verdict comes: `terminal`, `api`, `page`, `slack`, … */
  readonly channel?: string;
}

/** Group of whoever holds the operator's credential. */
export const OPERATOR_GROUP = 'operator';

/** The operator as an approver; `by` is the name that stands on record. */
export function operatorApprover(by: string): Approver {
  return { id: by, groups: [OPERATOR_GROUP], channel: 'api' };
}

/** Whether an approver may see what belongs to this tenant. */
export function coversTenant({ tenants }: Approver, tenant: string | undefined): boolean {
  return tenants === undefined || (tenant !== undefined && tenants.includes(tenant));
}
