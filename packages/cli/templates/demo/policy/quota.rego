# A policy with a fault, on purpose: for the folder `shared` two rules disagree. Writ denies what a faulty policy
# answers, and names the fault.
package demo.quota

decision := {"outcome": "allow", "reason": "small_tree"} if contains(input.action.args.path, "/notes")

decision := {"outcome": "allow", "reason": "shared_tree"} if contains(input.action.args.path, "/shared")

decision := {"outcome": "deny", "reason": "tree_too_large"} if contains(input.action.args.path, "/shared")
