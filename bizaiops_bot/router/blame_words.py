"""The words by which a version is blamed, praised, taken out or brought back; each is a part of a pattern."""

from __future__ import annotations

BAD = (
    r"(?:bad(?:ly)?|worse|worst|broken?|breaks?|breaking|slow\w*|fail(?!over)\w*|crash\w*|errors?|erroring|buggy|"
    r"bugs?|leak\w*|wrong\w*|"
    r"mistake\w*|messed up|disaster\w*|mess\w*|crap\w*|suck\w*|awful\w*|terribl\w+|horribl\w+|hopeless|useless|"
    r"fault\w*|unstable|flak\w+|"
    r"regress\w*|degrad\w*|misbehav\w*|kill\w*|hurt\w*|los(?:es|ing|t|e|s|ses)|drop\w*|tank\w*|dy?ing|dies?|died|"
    r"dead|down|"
    r"problem\w*|issues?|trouble\w*|poor\w*|incidents?|time ?outs?|tim(?:es|ed|ing) out|spik\w*|drift\w*|stupid|"
    r"weird\w*|"
    r"strange\w*|odd(?:ly)?|off|acting up|acts up|on fire|burn\w*|to blame|culprit|the cause|too \w+|toxic|harm\w*|"
    r"damag\w*|"
    r"ruin\w*|cost\w*|eats?|eating|ate|500s?|5xx|complain\w*|hate[sd]?|unhappy|nonsense|garbage|rubbish|trash|"
    r"shit\w*|screw\w*|"
    r"fuck\w*|explod\w*|blew|blow\w*|hang(?:s|ing)?|hung|stuck|stall\w*|inaccurate|unacceptable|unusable|"
    r"unreliable|underperform\w*|"
    r"gone|needs? to go|must go|has to go|have to go|should go|gotta go|had to go|caus\w*|overload\w*|throw\w*|threw|"
    r"went (?:badly|wrong|south|sideways|bad)|reject\w*|struggl\w*|suffer\w*|defect\w*|corrupt\w*|unwanted|not it|"
    r"below|"
    r"pathetic|lousy|rotten|a joke|a dud|dud|lemon|flop\w*|sick|panic\w*|thrash\w*|swallow\w*|miss(?:es|ing|ed)?|"
    r"bleed\w*|"
    r"alert\w*|alarm\w*|red|through the roof|unhealthy|bork\w*|botch\w*|cursed|nightmare|catastroph\w*)"
)
BAD_NOUN = (
    r"(?:problems?|issues?|errors?|troubles?|bugs?|wrong|off|regressions?|incidents?|crash(?:es)?|failures?|"
    r"latency|latencies|"
    r"complaints?|leaks?|slowness|time ?outs?|drift|degradation|mess|fault|exceptions?|500s?|5xx|alerts?|alarms?|"
    r"spikes?|"
    r"outages?|unhappy|fed up|disappointed|done|hate|hates|happening|error rate|disaster|nonsense|losses|worried|"
    r"concerned)"
)
GOOD = (
    r"(?:good|fine|better|best|ok(?:ay)?|great|stable|work(?:s|ed|ing)?|healthy|fast(?:er)?|solid|reliable|"
    r"perfect(?:ly)?|well|"
    r"accurate|correct|right|happy|excellent|nice|safe|quick(?:er)?|smooth(?:ly)?|trusted|superior|answer(?:s|ed|ing)?|"
    r"respond(?:s|ed|ing)?|start(?:s|ed|ing)?|load(?:s|ed|ing)?|scal(?:es|ed|ing)|serv(?:es|ed|ing)|perform(?:s|ed|"
    r"ing)?|acceptable|ready|"
    r"help(?:s|ed|ing)?|cut it|hold(?:s|ing)? up|deliver(?:s|ed|ing)?|improv\w*)"
)
UNDO = (
    r"(?:undo(?:ing)?|revers(?:e|ing)|back(?:ing)? out(?: of)?|pull(?:ing)?(?: back)?|yank|kill|remov(?:e|ing)|"
    r"delete|drop(?:ping)?|"
    r"withdraw(?:ing)?|get(?:ting)? rid of|rid of|ditch|dump|scrap|retire|abandon|unship|undeploy|unrelease|"
    r"disable|deactivate|"
    r"retract|recall|nix|axe|kick out|kick|throw out|throw away|throw|take out|take down|take back|cancel|"
    r"stop(?: using| serving)?|"
    r"discard|trash|eject|evict|shut down|shut off|turn off|switch off|shutdown|replac(?:e|ing)|swap(?: out)?|bin|"
    r"reject|lose|hate|"
    r"hates|distrust|abort|halt|decommission|quit|leave|leaving|skip|avoid|escape|exit|fix|rip out|tear out|blame|"
    r"unpublish|revoke|"
    r"substitute|exchange|trade|phase out|clear out|clean up|nuke|sack|fire|demote|oust|banish|purge)"
)
BRINGS = (
    r"(?:restor(?:e|ing)|reinstat(?:e|ing)|bring(?:ing)? back|put(?:ting)? back|get back|have back|reactivate|"
    r"re-?enable|re-?deploy|"
    r"re-?release|re-?promote|reuse|revive|resurrect|recover|resume)"
)
WISHES = r"(?:wants?|needs?|prefer|would like|'d like|give us|give me|gimme)"
ACTS = (
    r"(?:use|using|keep|choose|pick|run|serve|try|have|deploy|ship|release|promote|roll out|bring|make|let|launch|"
    r"activate|put|get|"
    r"set|take|switch on|turn on|start)"
)
PAST_RELEASE = (
    r"(?:shipp(?:ed|ing)|deploy(?:ed|ing)|releas(?:ed|ing)|merged|pushed|pushing|rolled out|rolling out|put out|"
    r"put live|launched|"
    r"launching|promot(?:ed|ing)|installed|published|introduced|built|upgraded|upgrading|updated|updating|moved|"
    r"switched|went|"
    r"changed|migrated|bumped|have shipped|let out|got|gone|went live with|gone live with)"
)
