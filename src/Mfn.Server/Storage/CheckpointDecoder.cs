using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Google.Protobuf;
using Mfn.Contracts.Storage.V1;
using Mfn.Core.Simulation;
using Mfn.Core.Specs;
using Mfn.Core.Steering;
using Mfn.Server.Texts;
using Mfn.Server.Translation;

namespace Mfn.Server.Storage;

/// <summary>
/// Makes a checkpoint of its bytes as they come, in pieces of any size. It trusts no size that it is told: memory grows with what has come.
/// After an exception it must not be used any more.
/// </summary>
internal sealed class CheckpointDecoder : IDisposable
{
    public const int BufferLength = 64 * 1024;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _part = new byte[BufferLength];
    private readonly List<double[]> _fields = [];
    private readonly int _maxGridSize;

    private Action _takePart;
    private int _partLength = CheckpointFile.PreambleLength;
    private int _filled;
    private bool _isComplete;
    private long _receivedLength;
    private long _expectedLength = CheckpointFile.PreambleLength;

    private uint _version;
    private uint _headerChecksum;
    private byte[] _mask = [];
    private int _maskLength;
    private CheckpointHeader _header = new();
    private SimulationSpec _spec = new();
    private double[] _cells = [];
    private int _cellCount;
    private string? _cellProblem;

    public CheckpointDecoder(int maxGridSize)
    {
        _maxGridSize = maxGridSize;
        _takePart = TakePreamble;
    }

    /// <summary>What its cells take so far, and what they may take with the next part.</summary>
    public long HeldBytes => sizeof(double) * (_fields.Sum(cells => (long)cells.Length) + (2L * _cells.Length)) + _mask.Length + (_spec.Pattern?.Mask.Length ?? 0);

    private ReadOnlySpan<byte> Part => _part.AsSpan(0, _partLength);

    private int FieldCellCount => _spec.CellCount;

    private int FieldCount => _spec.SpeciesSymbols.Length;

    /// <summary>Takes the next bytes.</summary>
    /// <exception cref="InvalidDataException">They are not those of a checkpoint that may be read; the message says why.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_isComplete)
            {
                throw new InvalidDataException($"The checkpoint has bytes after its end at byte {_expectedLength}.");
            }

            var count = Math.Min(bytes.Length, _partLength - _filled);
            bytes[..count].CopyTo(_part.AsSpan(_filled));
            bytes = bytes[count..];
            _filled += count;
            _receivedLength += count;
            if (_filled == _partLength)
            {
                _filled = 0;
                _takePart();
            }
        }
    }

    /// <summary>The checkpoint, after its last byte.</summary>
    /// <exception cref="InvalidDataException">Bytes are missing.</exception>
    public SimulationCheckpoint Complete()
    {
        if (!_isComplete)
        {
            throw new InvalidDataException(
                $"The checkpoint is cut off: it ends after {_receivedLength} bytes, but must have at least {_expectedLength}.");
        }

        return new SimulationCheckpoint(
            _spec,
            new SimulationState
            {
                Step = _header.Step,
                Species = [.. _fields.Select(ImmutableCollectionsMarshal.AsImmutableArray)],
                Generator = _header.Generator.ToState(),
                Counts = new SimulationCounts(_header.GrowthEventCount, _header.TuringActivationCount, _header.ClampingEventCount),
            },
            _header.Revision,
            [.. _header.Identity]);
    }

    public void Dispose() => _hash.Dispose();

    private void TakePreamble()
    {
        if (!Part.StartsWith(CheckpointFile.Magic))
        {
            throw new InvalidDataException("These bytes are not a checkpoint: they do not begin like one.");
        }

        _version = BinaryPrimitives.ReadUInt32LittleEndian(Part[8..]);
        if (_version is not (CheckpointFile.FormatVersion or CheckpointFile.PatternFormatVersion))
        {
            throw new InvalidDataException(
                $"The checkpoint has format version {_version}, but this server reads versions {CheckpointFile.FormatVersion} and {CheckpointFile.PatternFormatVersion}.");
        }

        var headerLength = BinaryPrimitives.ReadUInt32LittleEndian(Part[12..]);
        if (headerLength is 0 or > CheckpointFile.MaxHeaderLength)
        {
            throw new InvalidDataException(
                $"The checkpoint is damaged: its header must have 1 to {CheckpointFile.MaxHeaderLength} bytes, but has {headerLength}.");
        }

        _headerChecksum = BinaryPrimitives.ReadUInt32LittleEndian(Part[16..]);
        Expect((int)headerLength, TakeHeader);
        _expectedLength += headerLength;
    }

    private void TakeHeader()
    {
        if (Crc32C.Compute(Part) != _headerChecksum)
        {
            throw new InvalidDataException("The checkpoint is damaged: its header's checksum is wrong.");
        }

        try
        {
            _header = CheckpointHeader.Parser.ParseFrom(Part);
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new InvalidDataException($"The checkpoint's header cannot be read: {error.Message}", error);
        }

        CheckHeader();
        _expectedLength += ((long)FieldCellCount * CheckpointFile.CellWidth(_spec) * FieldCount) + SHA256.HashSizeInBytes;
        if (_spec.Pattern is not null && _header.Constants.HasMask)
        {
            _maskLength = (FieldCellCount + 7) / 8;
            _expectedLength += _maskLength;
        }

        ExpectMask();
    }

    private void TakeMask()
    {
        var count = _mask.Length;
        Array.Resize(ref _mask, count + _partLength);
        Part.CopyTo(_mask.AsSpan(count));
        ExpectMask();
    }

    private void ExpectMask()
    {
        if (_mask.Length < _maskLength)
        {
            Expect(Math.Min(_maskLength - _mask.Length, BufferLength), TakeMask);
            return;
        }

        if (_maskLength > 0)
        {
            _spec = _spec with { Pattern = _spec.Pattern! with { Mask = [.. Enumerable.Range(0, FieldCellCount).Select(i => (_mask[i / 8] & (0x80 >> (i % 8))) != 0)] } };
        }

        ExpectCells();
    }

    private void CheckHeader()
    {
        if (_header.EngineVersion != SteeredSimulation.EngineVersion)
        {
            throw new InvalidDataException(
                $"The checkpoint was written by engine version {CallersText.Quote(_header.EngineVersion)}, but this server's is '{SteeredSimulation.EngineVersion}', which may compute other bits.");
        }

        if (_header.Constants is null || _header.Generator is null)
        {
            throw new InvalidDataException("The checkpoint has no constants or no generator.");
        }

        if (_header.Constants.IsPattern() != (_version == CheckpointFile.PatternFormatVersion))
        {
            throw new InvalidDataException($"The checkpoint has format version {_version}, but not a state of what that is for.");
        }

        _spec = _header.Constants.ToSpec();
        var problems = _spec.FindProblems().Select(problem => problem.ToString()).ToList();
        if (Math.Max(_spec.RowCount, _spec.ColumnCount) > _maxGridSize)
        {
            problems.Add(
                _spec.Pattern is null
                    ? $"GridSize must be at most {_maxGridSize}, but was {_spec.GridSize}."
                    : $"RowCount and ColumnCount must be at most {_maxGridSize}, but were {_spec.RowCount} and {_spec.ColumnCount}.");
        }

        if (_header.Identity.Length != SHA256.HashSizeInBytes)
        {
            problems.Add($"The identity must have {SHA256.HashSizeInBytes} bytes, but has {_header.Identity.Length}.");
        }

        if (_header.Generator.IncrementLow % 2 == 0)
        {
            problems.Add("The generator's increment must be odd.");
        }

        if (long.Min(long.Min(_header.Step, _header.Revision), long.Min(
            _header.GrowthEventCount, long.Min(_header.TuringActivationCount, _header.ClampingEventCount))) < 0)
        {
            problems.Add("Step, revision and counts must not be negative.");
        }

        if (problems.Count > 0)
        {
            throw new InvalidDataException($"The checkpoint cannot be used. {string.Join(' ', problems)}");
        }
    }

    private void TakeCells()
    {
        var width = CheckpointFile.CellWidth(_spec);
        var count = _partLength / width;
        if (_cells.Length < _cellCount + count)
        {
            Array.Resize(ref _cells, (int)Math.Min(FieldCellCount, 2L * (_cellCount + count)));
        }

        for (var i = 0; i < count; i++)
        {
            var cell = width == sizeof(double)
                ? BinaryPrimitives.ReadDoubleLittleEndian(Part[(i * width)..])
                : BinaryPrimitives.ReadSingleLittleEndian(Part[(i * width)..]);
            CheckCell(cell);
            _cells[_cellCount++] = cell;
        }

        if (_cellCount == FieldCellCount)
        {
            _fields.Add(_cells);
            _cells = [];
            _cellCount = 0;
        }

        ExpectCells();
    }

    /// <summary>Only remembers what is wrong: if the checksum is wrong too, that is the reason.</summary>
    private void CheckCell(double cell)
    {
        var range = _fields.Count == 0 || _spec.Pattern is not null ? ParameterRange.Finite : InitialFields.ConcentrationRange;
        if (!range.Contains(cell))
        {
            _cellProblem ??= $"the cell in row {_cellCount / _spec.ColumnCount}, column {_cellCount % _spec.ColumnCount} of the {_spec.SpeciesSymbols[_fields.Count]} "
                + $"must be {range}, but is {ParameterRange.Format(cell)}";
        }
    }

    private void TakeChecksum()
    {
        if (!Part.SequenceEqual(_hash.GetHashAndReset()))
        {
            throw new InvalidDataException("The checkpoint is damaged: its checksum is wrong.");
        }

        if (_cellProblem is not null)
        {
            throw new InvalidDataException($"The checkpoint cannot be used: {_cellProblem}.");
        }

        _isComplete = true;
    }

    private void ExpectCells()
    {
        if (_fields.Count == FieldCount)
        {
            Expect(SHA256.HashSizeInBytes, TakeChecksum);
            return;
        }

        var width = CheckpointFile.CellWidth(_spec);
        Expect(Math.Min(FieldCellCount - _cellCount, BufferLength / width) * width, TakeCells);
    }

    /// <summary>The part just taken counts towards the checksum; the next one is so long.</summary>
    private void Expect(int length, Action takePart)
    {
        _hash.AppendData(Part);
        _partLength = length;
        _takePart = takePart;
    }
}
