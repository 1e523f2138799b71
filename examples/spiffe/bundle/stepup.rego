# Tools that reach far need the person behind the agent to have proved who they are, in this session.
package fleet.stepup

default decision := "allow"

decision := "step_up" if {
	input.tool_name in data.fleet.high_risk_tools
	not input.step_up_verified
}
