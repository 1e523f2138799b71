# A policy with a fault, on purpose: for the folder `shared` two rules disagree. Writ denies what a faulty policy
# answers, and names the fault.
package demo.quota

folders := split(input.action.args.path, "/")

decision := {"outcome": "allow", "reason": "small_tree"} if "notes" in folders

decision := {"outcome": "allow", "reason": "shared_tree"} if "shared" in folders

decision := {"outcome": "deny", "reason": "tree_too_large"} if "shared" in folders
