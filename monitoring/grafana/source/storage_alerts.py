"""What fires, what has fired, and whether anybody would hear of it."""

from shapes import *

ACTIVE = 'ALERTS_FOR_STATE{severity=~"$severity"}'
FIRING = 'ALERTS{alertstate="firing",severity=~"$severity"}'
WATCHDOG = 'ALERTS{alertname="Watchdog",alertstate="firing"}'

BOARD = board(
    "storage-alerts", "9 Alerts",
    "What fires now, what has fired, what is left of the error budgets, and whether notifications get through.",

    row("Does anything need somebody now?"),
    stat("Firing", "Alerts that fire now, without Watchdog, which always does.", "none",
         now(f"count({FIRING} unless {WATCHDOG}) or vector(0)", "firing"), w=4, h=5, steps=[GREEN, (1, RED)]),
    stat("About to fire", "Alerts whose condition holds, but not yet for long enough.", "none",
         now(f"count({ACTIVE}) - count({FIRING}) or vector(0)", "pending"), w=4, h=5,
         steps=[GREEN, (1, ORANGE)]),
    stat("Alerting works", "Watchdog always fires. If it does not, rules are not evaluated and silence means nothing.",
         "none", now(f"count({WATCHDOG}) or vector(0)", "Watchdog"), w=4, h=5,
         mappings=states(_1=("yes", "green"), _0=("no", "red")), steps=[RED, (1, GREEN)]),
    stat("Notifications that failed", "Within the time shown. Then alerts fire and nobody hears of it.", "none",
         now('sum(increase(alertmanager_notifications_failed_total{job="alertmanager"}[$__range])) or vector(0)',
             "failed"), w=4, h=5, decimals=0, steps=[GREEN, (1, RED)]),
    gauge("Error budget left", "What each objective still allows to fail: 100 % is untouched, at 0 % it is used up.", "percentunit", now("clamp_min(1 - slo:error_budget_spent:ratio, 0)", "{{slo}}"), w=8, h=5, steps=[RED, (0.1, ORANGE), (0.5, GREEN)]),
    table("Firing now", "Each alert that fires, and since when its condition holds. Its runbook is docs/runbooks/ with "
          "the alert's name: how to see, decide and mend. Watchdog is always here.", "dtdurations",
          cells(f"(time() - {ACTIVE}) * ignoring (alertstate) {FIRING}"),
          columns={"alertname": "alert", "severity": "severity", "slo": "objective", "job": "program",
                   "instance": "instance", "Value": "since"}, sort="since", w=24, h=8),

    row("What has happened"),
    timeline("History", "One line for each alert that was near firing or fired within the time shown.",
             prom(f'max by (alertname) ({FIRING} * 2 or ALERTS{{alertstate="pending",severity=~"$severity"}})',
                  "{{alertname}}"),
             states(_1=("about to fire", "orange"), _2=("firing", "red")), h=9),
    graph("Error budgets spent", "How much of each budget is used up, over time: 100 % is all of it.", "percentunit",
          prom("slo:error_budget_spent:ratio", "{{slo}}"), w=8, limit=True,
          steps=[GREEN, (0.5, ORANGE), (0.9, RED)]),
    graph("Notifications", "Messages a second that Alertmanager sends, by the way they go, and those that failed.",
          "cps", prom('sum by (integration) (rate(alertmanager_notifications_total{job="alertmanager"}[5m]))',
                      "{{integration}}"),
          prom('sum(rate(alertmanager_notifications_failed_total{job="alertmanager"}[5m])) or vector(0)', "failed"),
          w=8),
    graph("Alerts at Alertmanager", "What Alertmanager holds: \"active\" is told, \"suppressed\" is silenced or "
          "inhibited by a graver alert.", "none",
          prom('sum by (state) (alertmanager_alerts{job="alertmanager"})', "{{state}}"), w=8),

    variables=[choice("severity", "Severity", "label_values(ALERTS, severity)")],
    shown="now-3h", refresh="10s",
)
