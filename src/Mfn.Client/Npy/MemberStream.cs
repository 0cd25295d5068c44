using System.IO.Compression;
using System.IO.Hashing;
using Mfn.Client.Arrays;

namespace Mfn.Client.Npy;

/// <summary>
/// The content of a member of an archive, whose checksum it compares where the content ends. (The framework's own stream hands damaged bytes on.)
/// </summary>
internal sealed class MemberStream : Stream
{
    private readonly ArrayFile _file;
    private readonly ZipArchiveEntry _entry;
    private readonly Stream _content;
    private readonly Crc32 _checksum = new();

    /// <exception cref="InvalidDataException">The archive is damaged, or the member is compressed in another way.</exception>
    public MemberStream(ArrayFile file, ZipArchiveEntry entry) => (_file, _entry, _content) = (file, entry, entry.Open());

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="InvalidDataException">The member is damaged, which is known at its end, if not before.</exception>
    public override int Read(Span<byte> buffer)
    {
        int count;
        try
        {
            count = _content.Read(buffer);
        }
        catch (InvalidDataException error)
        {
            throw _file.Refuse($"its member '{_entry.FullName}' is damaged: {error.Message}", error);
        }

        _checksum.Append(buffer[..count]);
        if (count == 0 && buffer.Length > 0 && _checksum.GetCurrentHashAsUInt32() != _entry.Crc32)
        {
            throw _file.Refuse($"its member '{_entry.FullName}' is damaged: its CRC-32 must be {_entry.Crc32:X8}, but is {_checksum.GetCurrentHashAsUInt32():X8}.");
        }

        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        // Nothing is written.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _content.Dispose();
        }

        base.Dispose(disposing);
    }
}
