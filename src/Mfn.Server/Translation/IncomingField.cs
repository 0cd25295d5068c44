using System.Buffers.Binary;
using Mfn.Core.Fields;
using Mfn.Core.Specs;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Memory;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>
/// A field on its way in: first its shape, then its values, in as many parts as its sender likes. What is wrong with it is added to problems, by wire
/// name. It takes memory as values come, for the shape that was declared and no more.
/// </summary>
internal sealed class IncomingField
{
    // Far beyond any membrane, and small enough for every statistic of a field to stay finite.
    private static readonly ParameterRange PotentialRange = new(-1000, 1000);

    private const int LeastRoom = 16 * 1024;

    private readonly string _path;
    private readonly int _cellSize;
    private readonly byte[] _split;
    private readonly MemoryReservation? _memory;
    private readonly ParameterRange _range;
    private readonly string _unit;
    private double[] _cells = [];
    private Field? _field;
    private int _splitLength;
    private int _cellCount;
    private bool _isBad;

    private IncomingField(Wire.Field wire, string path, int cellSize, MemoryReservation? memory, ParameterRange? range)
    {
        (_range, _unit) = range is { } given ? (given, "") : (PotentialRange, " V");
        _memory = memory;
        (_path, _cellSize, RowCount, ColumnCount) = (path, cellSize, wire.Rows, wire.Columns);
        _split = new byte[cellSize];
        ByteCount = wire.Rows * wire.Columns * cellSize;
    }

    public int RowCount { get; }

    public int ColumnCount { get; }

    /// <summary>How many bytes of values there must be.</summary>
    public int ByteCount { get; }

    /// <summary>How many have come.</summary>
    public int ReceivedByteCount { get; private set; }

    public bool IsComplete => ReceivedByteCount == ByteCount;

    /// <summary>The field, once it is complete and nothing is wrong with it.</summary>
    public Field? Field => IsComplete && !_isBad ? _field ??= Field.Owning(_cells, RowCount, ColumnCount) : null;

    /// <summary>A field of a declared shape, none of whose values are taken yet; null if there is something wrong with the shape.</summary>
    /// <param name="wire">The message; null if the caller sent none.</param>
    /// <param name="path">Its wire name, such as frames[3].</param>
    /// <param name="limits">For the largest extent.</param>
    /// <param name="problems">Collects what is wrong.</param>
    /// <param name="memory">Grows by what it takes; null if that is counted elsewhere.</param>
    /// <param name="range">What the cells may be; null for a potential in volts.</param>
    public static IncomingField? Declare(Wire.Field? wire, string path, LimitsOptions limits, RequestProblems problems, MemoryReservation? memory = null, ParameterRange? range = null)
    {
        if (wire is null)
        {
            problems.Add(path, "must be set");
            return null;
        }

        var extents = new ParameterRange(1, limits.MaxGridSize);
        var isShapeFine = Check("rows", wire.Rows) & Check("columns", wire.Columns);
        var cellSize = wire.Encoding switch
        {
            Wire.FieldEncoding.Float64 => sizeof(double),
            Wire.FieldEncoding.Float32 => sizeof(float),
            _ => 0,
        };
        if (cellSize == 0)
        {
            problems.Add($"{path}.encoding", $"must be FIELD_ENCODING_FLOAT64 or FIELD_ENCODING_FLOAT32, but was {(int)wire.Encoding}");
        }

        return isShapeFine && cellSize > 0 ? new IncomingField(wire, path, cellSize, memory, range) : null;

        bool Check(string name, int extent)
        {
            if (extents.Contains(extent))
            {
                return true;
            }

            problems.Add($"{path}.{name}", $"must be {extents}, but was {extent}");
            return false;
        }
    }

    /// <summary>Takes the next bytes, as many as are missing; returns the others.</summary>
    public ReadOnlySpan<byte> Append(ReadOnlySpan<byte> bytes, RequestProblems problems)
    {
        var taken = bytes[..Math.Min(bytes.Length, ByteCount - ReceivedByteCount)];
        var rest = bytes[taken.Length..];
        ReceivedByteCount += taken.Length;
        if (!taken.IsEmpty && !_isBad)
        {
            MakeRoom((ReceivedByteCount + _cellSize - 1) / _cellSize);
            Decode(taken, problems);
        }

        return rest;
    }

    /// <summary>Takes all values at once, if they are as many as there must be.</summary>
    public void TakeAll(ReadOnlySpan<byte> bytes, RequestProblems problems)
    {
        if (bytes.Length == ByteCount)
        {
            Append(bytes, problems);
        }
        else
        {
            RefuseLength($"{bytes.Length}", problems);
        }
    }

    /// <summary>Notes that its values are too few, or more than that.</summary>
    /// <param name="actual">How many bytes there were, in words.</param>
    /// <param name="problems">Collects what is wrong.</param>
    public void RefuseLength(string actual, RequestProblems problems) => problems.Add(
        $"{_path}.values", $"must have {ByteCount} bytes for {RowCount} x {ColumnCount} cells of {_cellSize} bytes, but had {actual}");

    private void MakeRoom(int neededCount)
    {
        if (neededCount <= _cells.Length)
        {
            return;
        }

        // It grows with what has come, whatever was declared; while it is copied, both are there.
        var length = (int)Math.Min((long)RowCount * ColumnCount, Math.Max(LeastRoom, 4L * neededCount));
        var before = _cells.Length;
        _memory?.Resize(_memory.Bytes + ((long)length * sizeof(double)));
        Array.Resize(ref _cells, length);
        _memory?.Resize(_memory.Bytes - ((long)before * sizeof(double)));
    }

    private void Decode(ReadOnlySpan<byte> bytes, RequestProblems problems)
    {
        while (!bytes.IsEmpty && !_isBad)
        {
            if (_splitLength == 0 && bytes.Length >= _cellSize)
            {
                Add(bytes, problems);
                bytes = bytes[_cellSize..];
                continue;
            }

            var taken = Math.Min(_cellSize - _splitLength, bytes.Length);
            bytes[..taken].CopyTo(_split.AsSpan(_splitLength));
            bytes = bytes[taken..];
            _splitLength = (_splitLength + taken) % _cellSize;
            if (_splitLength == 0)
            {
                Add(_split, problems);
            }
        }
    }

    private void Add(ReadOnlySpan<byte> bytes, RequestProblems problems)
    {
        var cell = _cellSize == sizeof(double) ? BinaryPrimitives.ReadDoubleLittleEndian(bytes) : BinaryPrimitives.ReadSingleLittleEndian(bytes);
        if (!_range.Contains(cell))
        {
            problems.Add(
                $"{_path}.values",
                $"must be {_range}{_unit}, but the cell in row {_cellCount / ColumnCount}, column {_cellCount % ColumnCount} was {ParameterRange.Format(cell)}");
            _isBad = true;
            return;
        }

        _cells[_cellCount++] = cell;
    }
}
