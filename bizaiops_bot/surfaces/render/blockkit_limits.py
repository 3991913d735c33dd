"""What Slack takes, as numbers. Over them it answers invalid_blocks and shows nothing, so we stay under them.

Sources: docs.slack.dev/reference/block-kit. Where its pages have had two numbers for the new blocks, the lower one
stands here.
"""

from __future__ import annotations

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MESSAGE_JSON = 13_000
"""Characters of all blocks as JSON. Not documented: msg_blocks_too_long came from about 13,200."""
MESSAGE_TEXT = 3_500
"""Posting takes 40,000, but longer ones have failed as edits with msg_too_long."""

BLOCK_ID = ACTION_ID = CALLBACK_ID = 255
HEADER = 150
TEXT = 3_000
FIELD = 2_000
FIELDS = 10
CONTEXT_ELEMENTS = 10
ACTIONS = 25
BUTTON = 75
BUTTON_VALUE = 2_000
CONFIRM_TITLE, CONFIRM_TEXT, CONFIRM_BUTTON = 100, 300, 30

TABLES = 1
"""Blocks of type `table` in one message."""
TABLE_ROWS = 100
COLUMNS = 20
CELLS_TEXT = 10_000
"""Characters in all cells of all tables of one message."""
DATA_TABLE_ROWS = (2, 101)
PAGE = 100

CHARTS = 2
CHART_TITLE = 50
CHART_SERIES = 6
CHART_POINTS = 20
CHART_LABEL = 20
AXIS_LABEL = 50

VIEW_TITLE = VIEW_BUTTON = 24
METADATA = 3_000
INPUT_LABEL = INPUT_HINT = 2_000
PLACEHOLDER = 150
INPUT_VALUE = 3_000
OPTIONS = 100
OPTION = 75
OPTION_VALUE = 150
