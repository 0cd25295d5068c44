using System.Buffers;
using System.Text.Json;
using Mfn.Server.Files;
using Microsoft.Win32.SafeHandles;

namespace Mfn.Server.Audit;

/// <summary>
/// The files of an audit log, of which it is the only writer: what is appended is chained to what is there, from whichever process. Used by one thread at a time.
/// </summary>
internal sealed class AuditFile : IDisposable
{
    private const int MostTornBytes = 1024;

    // Files that are not flushed yet, beside the one that is written.
    private const int MostLeft = 4;

    private readonly AuditFileSet _files;
    private readonly long _maxBytes;
    private readonly int _maxOlder;
    private readonly FileStream _lock;
    private readonly FileStream _head;
    private readonly ArrayBufferWriter<byte> _pending = new(64 * 1024);
    private readonly string _calls = Guid.NewGuid().ToString("N")[..8];
    private readonly List<SafeFileHandle> _left = [];
    private SafeFileHandle? _handle;
    private AuditPosition _position;
    private AuditPosition _written;
    private long _firstNumber;
    private long _length;
    private long _flushedNumber;
    private bool _mayHaveLost;
    private bool _isRagged;

    /// <summary>Takes possession of a log, which is created if need be, and finds out where it ends.</summary>
    /// <param name="path">The file that is written.</param>
    /// <param name="maxBytes">Bytes after which another file is begun.</param>
    /// <param name="maxOlder">Files that are kept beside it.</param>
    /// <exception cref="IOException">Another server writes it, it cannot be written, or what it ends with is no line of an audit log.</exception>
    public AuditFile(string path, long maxBytes, int maxOlder)
    {
        (_files, _maxBytes, _maxOlder) = (new AuditFileSet(path), maxBytes, maxOlder);
        try
        {
            DurableFiles.CreateDirectory(_files.Folder);
            _lock = new FileStream(_files.Lock, ForOwner(FileMode.OpenOrCreate, FileShare.None));
        }
        catch (Exception error) when (DurableFiles.IsWriteFailure(error))
        {
            throw new IOException($"The audit log {path} cannot be written, or another server writes it: {error.Message}", error);
        }

        try
        {
            var known = AuditHead.Read(_files.Head)?.Position;
            _head = new FileStream(_files.Head, ForOwner(FileMode.OpenOrCreate, FileShare.ReadWrite));
            Opening = Open(known);
        }
        catch (Exception error)
        {
            _handle?.Dispose();
            _head?.Dispose();
            _lock.Dispose();
            if (error is not InvalidDataException && !DurableFiles.IsWriteFailure(error))
            {
                throw;
            }

            throw new IOException($"The audit log {path} cannot be written: {error.Message}", error);
        }
    }

    /// <summary>What was found, to be told in the first event.</summary>
    public IReadOnlyList<(string Name, object Value)> Opening { get; }

    /// <summary>The last line that was added.</summary>
    public AuditPosition Position => _position;

    /// <summary>The number of the first line of the file that is written.</summary>
    public long FirstNumber => _firstNumber;

    /// <summary>The hash of the line before that.</summary>
    public string PreviousHash { get; private set; } = AuditLine.Beginning;

    /// <summary>Lines that were added and not yet written.</summary>
    public int PendingCount => (int)(_position.Number - _written.Number);

    /// <summary>Bytes that were added and not yet written.</summary>
    public int PendingBytes => _pending.WrittenCount;

    /// <summary>Whether something is written that may not be on disk.</summary>
    public bool HasUnflushed => _written.Number > _flushedNumber;

    /// <summary>Chains an event to what is there; it is written by <see cref="Write"/>.</summary>
    public void Add(AuditEvent each)
    {
        var before = _pending.WrittenCount;
        AuditLine.Write(_pending, each, _position.Number + 1, _calls, _position.Hash);
        _position = new AuditPosition(_position.Number + 1, AuditLine.HashOf(_pending.WrittenSpan[before..]));
    }

    /// <summary>Forgets what was added and not written.</summary>
    /// <returns>How many lines that were.</returns>
    public int Forget()
    {
        var count = PendingCount;
        _pending.Clear();
        _position = _written;
        return count;
    }

    /// <summary>Writes what was added.</summary>
    /// <returns>Whether another file was begun.</returns>
    /// <exception cref="IOException">It could not be written; it may be tried again.</exception>
    public bool Write()
    {
        try
        {
            var isNew = _handle is null || (_length > 0 && _length + _pending.WrittenCount > _maxBytes);
            if (isNew)
            {
                Rotate();
            }

            if (_isRagged)
            {
                RandomAccess.SetLength(_handle!, _length);
                _isRagged = false;
            }

            RandomAccess.Write(_handle!, _pending.WrittenSpan, _length);
            _length += _pending.WrittenCount;
            _pending.Clear();
            _written = _position;
            return isNew;
        }
        catch (Exception error) when (DurableFiles.IsWriteFailure(error))
        {
            // A part of it may be there.
            _isRagged = true;
            throw new IOException(error.Message, error);
        }
    }

    /// <summary>What is to be done so that what was written is on disk: <see cref="NoteFlushed"/> or <see cref="NoteUnflushed"/> is told of its outcome.</summary>
    /// <exception cref="IOException">The file is not where it was.</exception>
    public AuditFlush BeginFlush()
    {
        if (!File.Exists(_files.Active))
        {
            NoteUnflushed();
            throw new IOException($"Somebody has moved '{_files.Active}' away, or deleted it.");
        }

        var flush = new AuditFlush([.. _left], _handle!, _files.Folder, _head.SafeFileHandle, _written, _firstNumber);
        _left.Clear();
        return flush;
    }

    /// <summary>What a flush was for is on disk.</summary>
    public void NoteFlushed(AuditFlush flush) => (_flushedNumber, _mayHaveLost) = (Math.Max(_flushedNumber, flush.Position.Number), false);

    /// <summary>
    /// It is not known what is on disk of what a flush was for. The system may have dropped it, and would not say so again: what comes next is in another file.
    /// </summary>
    public void NoteUnflushed() => _mayHaveLost = true;

    /// <summary>Returns when what was written is on disk.</summary>
    /// <exception cref="IOException">It is not known what of it is.</exception>
    public void Flush()
    {
        if (!HasUnflushed)
        {
            return;
        }

        var flush = BeginFlush();
        try
        {
            flush.Execute();
            NoteFlushed(flush);
        }
        catch (IOException)
        {
            NoteUnflushed();
            throw;
        }
    }

    /// <summary>After a flush that failed: begins another file, and tells which lines may not be on disk.</summary>
    /// <exception cref="IOException">That is not possible either.</exception>
    public (long First, long Last)? GoOn()
    {
        if (!_mayHaveLost)
        {
            return null;
        }

        try
        {
            var lost = (_flushedNumber + 1, _written.Number);
            if (_firstNumber <= _flushedNumber || !File.Exists(_files.Active))
            {
                // Else nothing of this one is on disk as far as is known: a disk that fails again and again must not bring a file each time.
                Rotate();
            }

            (_flushedNumber, _mayHaveLost) = (_written.Number, false);
            return lost;
        }
        catch (Exception error) when (DurableFiles.IsWriteFailure(error))
        {
            throw new IOException(error.Message, error);
        }
    }

    public void Dispose()
    {
        _left.ForEach(file => file.Dispose());
        _handle?.Dispose();
        _head.Dispose();
        _lock.Dispose();
    }

    private List<(string Name, object Value)> Open(AuditPosition? known)
    {
        var facts = new List<(string Name, object Value)>();
        var torn = ReadEnd(facts);
        if (known is { } head && head.Number > _position.Number)
        {
            // Nobody but somebody who deletes takes away what was on disk: the chain goes on from where it was, so that what is missing stays to be seen.
            facts.Add(("missing", head.Number - _position.Number));
            _position = head;
        }

        if (_length == 0)
        {
            (_firstNumber, PreviousHash) = (_position.Number + 1, _position.Hash);
        }

        (_written, _flushedNumber) = (_position, _position.Number);
        if (torn.Length > 0)
        {
            facts.Add(("torn_bytes", (long)torn.Length));
            facts.Add(("torn", Convert.ToBase64String(torn.AsSpan(0, Math.Min(torn.Length, MostTornBytes)))));
        }

        return facts;
    }

    /// <summary>Finds the last line, and returns what is behind it: the beginning of one that a crash has cut off.</summary>
    private byte[] ReadEnd(List<(string Name, object Value)> facts)
    {
        _position = AuditPosition.Start;
        if (!File.Exists(_files.Active))
        {
            if (_files.FindOlder() is [.., var newest])
            {
                using var older = File.OpenHandle(newest, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                (_position, _) = EndOf(older, newest);
            }

            Create();
            return [];
        }

        _handle = File.OpenHandle(_files.Active, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        (var end, _length) = EndOf(_handle, _files.Active);
        var torn = new byte[RandomAccess.GetLength(_handle) - _length];
        DurableFiles.ReadFully(_handle, torn, _length);
        if (_length == 0)
        {
            if (_files.FindOlder() is [.., var newest])
            {
                using var older = File.OpenHandle(newest, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                (end, _) = EndOf(older, newest);
            }
        }
        else
        {
            _firstNumber = FirstNumberOf(_handle, _files.Active);
        }

        _position = end;
        if (torn.Length > 0)
        {
            // It goes into the next line, which is then written in its place.
            facts.Add(("torn_sha256", AuditLine.HashOf(torn)));
            RandomAccess.SetLength(_handle, _length + Math.Min(torn.Length, MostTornBytes));
        }

        return torn;
    }

    private void Rotate()
    {
        if (_handle is not null)
        {
            if (_left.Count == MostLeft)
            {
                // The disk is too slow for what is written.
                Flush();
            }

            if (_length > 0 && File.Exists(_files.Active))
            {
                File.Move(_files.Active, _files.NameOf(_firstNumber));
            }

            if (_mayHaveLost)
            {
                _handle.Dispose();
            }
            else
            {
                _left.Add(_handle);
            }

            _handle = null;
        }

        (_firstNumber, PreviousHash) = (_written.Number + 1, _written.Hash);
        Create();
        foreach (var old in _files.FindOlder().SkipLast(_maxOlder))
        {
            File.Delete(old);
        }
    }

    private void Create()
    {
        var options = ForOwner(FileMode.OpenOrCreate, FileShare.ReadWrite | FileShare.Delete);
        using (new FileStream(_files.Active, options))
        {
            // For its mode, which a handle cannot be opened with.
        }

        _handle = File.OpenHandle(_files.Active, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        (_length, _isRagged) = (0, false);
    }

    private static (AuditPosition Position, long Length) EndOf(SafeFileHandle handle, string name)
    {
        var length = RandomAccess.GetLength(handle);
        var end = FindLineFeed(handle, length);
        if (end < 0)
        {
            return (AuditPosition.Start, 0);
        }

        var start = FindLineFeed(handle, end) + 1;
        if (end + 1 - start > AuditLine.MaxLength)
        {
            throw Unreadable(name);
        }

        var line = new byte[end + 1 - start];
        DurableFiles.ReadFully(handle, line, start);
        return (new AuditPosition(NumberOf(line, name), AuditLine.HashOf(line)), end + 1);
    }

    /// <summary>The last line feed before a position; -1 if there is none.</summary>
    private static long FindLineFeed(SafeFileHandle handle, long before)
    {
        var chunk = new byte[4096];
        while (before > 0)
        {
            var start = Math.Max(0, before - chunk.Length);
            var read = DurableFiles.ReadFully(handle, chunk.AsSpan(0, (int)(before - start)), start);
            if (chunk.AsSpan(0, read).LastIndexOf((byte)'\n') is var found and >= 0)
            {
                return start + found;
            }

            before = start;
        }

        return -1;
    }

    private static long FirstNumberOf(SafeFileHandle handle, string name)
    {
        var chunk = new byte[AuditLine.MaxLength];
        var read = DurableFiles.ReadFully(handle, chunk, 0);
        return chunk.AsSpan(0, read).IndexOf((byte)'\n') is var end and >= 0 ? NumberOf(chunk.AsSpan(0, end), name) : throw Unreadable(name);
    }

    private static long NumberOf(ReadOnlySpan<byte> line, string name)
    {
        try
        {
            var json = new Utf8JsonReader(line);
            using var parsed = JsonDocument.ParseValue(ref json);
            return parsed.RootElement.ValueKind == JsonValueKind.Object
                && parsed.RootElement.TryGetProperty(AuditLine.NumberName, out var number) && number.ValueKind == JsonValueKind.Number && number.TryGetInt64(out var value) && value > 0
                && parsed.RootElement.TryGetProperty(AuditLine.PreviousName, out _)
                ? value
                : throw Unreadable(name);
        }
        catch (JsonException)
        {
            throw Unreadable(name);
        }
    }

    private static InvalidDataException Unreadable(string name) =>
        new($"'{name}' has something where a line of an audit log should be. Keep it, and move it away with the others of its name; the server then begins a log of its own.");

    private static FileStreamOptions ForOwner(FileMode mode, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }
}
