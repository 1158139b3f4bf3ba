"""Reads TensorBoard's event files back: TFRecords, each checked by its two CRC-32C, of Event messages."""

import struct
from pathlib import Path

from tensorboardX.proto.event_pb2 import Event


def _table():
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (0x82F63B78 if number & 1 else 0)
        yield number


TABLE = list(_table())


def masked_crc(data):
    """The checksum of a TFRecord: CRC-32C (Castagnoli), turned by 15 bits, plus a constant."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def events_of(path):
    """All events of a file; a record that is cut short or damaged fails."""
    content, found = Path(path).read_bytes(), []
    while content:
        header, check = content[:8], content[8:12]
        (length,) = struct.unpack("<Q", header)
        record, end = content[12 : 12 + length], content[12 + length : 16 + length]
        assert (len(record), len(end)) == (length, 4), "a record is cut short"
        assert struct.pack("<I", masked_crc(header)) == check
        assert struct.pack("<I", masked_crc(record)) == end
        found.append(Event.FromString(record))
        content = content[16 + length :]
    return found


def files_of(run):
    """The event files of a run's folder that TensorBoard would read."""
    return sorted(path for path in (Path(run) / "tensorboard").glob("*") if "tfevents" in path.name)


def rows_of(run):
    """What TensorBoard shows of a run: [(step, {tag: value})], of its one event file."""
    (path,) = files_of(run)
    first, start, *events = events_of(path)
    assert first.file_version == "brain.Event:2"
    assert start.session_log.status == start.session_log.START
    return [(event.step, {value.tag: value.simple_value for value in event.summary.value}) for event in events]
