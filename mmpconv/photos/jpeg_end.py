"""Whether a JPEG file is complete."""
import struct


def is_cut_off_jpeg(content: bytes) -> bool:
    """Whether a JPEG file ends before its end-of-image marker.

    OpenCV below 4.11 fills what is missing with grey and reports success. The
    marker is searched along the segments, because thumbnails and trailing data
    may contain markers of their own.

    Args:
        content: The whole file. Other formats give False.
    """
    if content[:3] != b'\xff\xd8\xff':
        return False
    at = 2
    while True:
        at = content.find(b'\xff', at)
        if at < 0 or at + 1 >= len(content):
            return True
        code = content[at + 1]
        if code == 0xd9:
            return False
        if code == 0xff:  # fill byte
            at += 1
        elif code in (0x00, 0x01) or 0xd0 <= code <= 0xd8:  # stuffed byte, or a marker without a segment
            at += 2
        else:
            if at + 4 > len(content):
                return True
            at += 2 + struct.unpack('>H', content[at + 2:at + 4])[0]
