"""dnstap: DNS messages as they came and went, in Protocol Buffers, framed by Frame Streams (https://dnstap.info)."""

from gslb.dns.dnstap.encoder import Encoder
from gslb.dns.dnstap.frames import CONTENT_TYPE, START, STOP, BadFrame, Dialogue, Stage, data_frame

__all__ = ["CONTENT_TYPE", "START", "STOP", "BadFrame", "Dialogue", "Encoder", "Stage", "data_frame"]
