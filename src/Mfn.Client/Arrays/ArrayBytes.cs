namespace Mfn.Client.Arrays;

/// <summary>
/// The data of an array, which begin where a stream stands. Any part of a file can be read, by several threads; everything else is read once and in
/// order, unless it is held in memory. Memory is taken for what has come, not for what a header promises.
/// </summary>
internal sealed class ArrayBytes
{
    private const int BlockLength = 1 << 20;

    private readonly ArrayFile _source;
    private readonly Stream _stream;
    private readonly FileStream? _file;
    private readonly long _start;
    private readonly Lock _holding = new();
    private List<byte[]>? _blocks;
    private long _position;

    /// <param name="source">Names the file in messages.</param>
    /// <param name="stream">Where the data come from.</param>
    /// <param name="length">How many bytes there must be.</param>
    /// <exception cref="InvalidDataException">There are fewer or more, as far as that can be told yet.</exception>
    public ArrayBytes(ArrayFile source, Stream stream, long length)
    {
        (_source, _stream, Length) = (source, stream, length);
        _file = stream is FileStream { CanSeek: true } file ? file : null;
        if (_file is not null)
        {
            _start = _file.Position;
            source.RequireLength(length, _file.Length - _start);
        }
        else if (length == 0)
        {
            RequireEnd();
        }
    }

    /// <summary>How many bytes there are.</summary>
    public long Length { get; }

    /// <summary>Reads bytes from a place on.</summary>
    /// <exception cref="EndOfStreamException">There are fewer from there on.</exception>
    /// <exception cref="InvalidDataException">The stream ends before its length, or goes on after it.</exception>
    /// <exception cref="InvalidOperationException">The stream has gone past the place, and is not held.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || destination.Length > Length - offset)
        {
            throw new EndOfStreamException($"The array has {Length} bytes, too few for {destination.Length} from {offset} on.");
        }

        if (_blocks is not null)
        {
            ReadHeld(offset, destination);
        }
        else if (_file is not null)
        {
            ReadFile(_file, _start + offset, destination);
        }
        else if (offset == _position)
        {
            ReadNext(destination);
        }
        else
        {
            throw new InvalidOperationException($"{_source.Name} can be read once only, from its beginning to its end.");
        }
    }

    /// <summary>Makes any part readable: holds what is not a file in memory.</summary>
    /// <exception cref="InvalidDataException">The stream ends before its length, or goes on after it.</exception>
    public void EnsureRandomAccess()
    {
        if (_file is null)
        {
            Hold();
        }
    }

    /// <summary>Reads everything into memory, once.</summary>
    /// <exception cref="InvalidDataException">The stream ends before its length, or goes on after it.</exception>
    public void Hold()
    {
        lock (_holding)
        {
            if (_blocks is not null)
            {
                return;
            }

            var blocks = new List<byte[]>();
            for (var offset = 0L; offset < Length; offset += BlockLength)
            {
                var block = GC.AllocateUninitializedArray<byte>((int)Math.Min(BlockLength, Length - offset));
                Read(offset, block);
                blocks.Add(block);
            }

            _blocks = blocks;
        }
    }

    private void ReadHeld(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            var part = _blocks![(int)(offset / BlockLength)].AsSpan((int)(offset % BlockLength));
            part = part[..Math.Min(part.Length, destination.Length)];
            part.CopyTo(destination);
            destination = destination[part.Length..];
            offset += part.Length;
        }
    }

    private void ReadNext(Span<byte> destination)
    {
        var count = _stream.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
        _position += count;
        if (count < destination.Length)
        {
            _source.RequireLength(Length, _position);
        }

        if (_position == Length && count > 0)
        {
            RequireEnd();
        }
    }

    private void RequireEnd()
    {
        if (_stream.ReadByte() >= 0)
        {
            throw _source.Refuse($"there is more than the {Length} bytes of data that its shape needs.");
        }
    }

    private static void ReadFile(FileStream file, long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            var length = RandomAccess.Read(file.SafeFileHandle, destination, offset);
            if (length == 0)
            {
                throw new EndOfStreamException($"'{file.Name}' has become shorter while it was read.");
            }

            offset += length;
            destination = destination[length..];
        }
    }
}
