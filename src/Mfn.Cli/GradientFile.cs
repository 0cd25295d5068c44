using System.Collections;
using System.Collections.Immutable;
using System.Globalization;
using Mfn.Client;
using Mfn.Client.Arrays;
using Mfn.Client.Safetensors;
using Mfn.Core.Aggregation;
using Mfn.Core.Aggregation.Updates;
using Mfn.Core.Specs;

namespace Mfn.Cli;

/// <summary>
/// n updates of d components in one file or several, of NPY or safetensors: an array of two axes has a row for each update, one of one axis is an
/// update. An update's number is its client's id, with as many digits as the last one's.
/// </summary>
internal sealed class GradientFile : IUpdateSource, IDisposable
{
    private const int PieceLength = 4096;

    private readonly List<ArrayReader> _readers = [];
    private readonly List<int> _firstRows = [];
    private int _digitCount;

    private GradientFile()
    {
    }

    /// <summary>n.</summary>
    public int Count { get; private set; }

    /// <summary>d.</summary>
    public int Length { get; private set; }

    private bool IsDouble => _readers.Any(reader => reader.IsDouble);

    /// <exception cref="BadArgumentsException">A file does not exist, or holds no such array.</exception>
    public static GradientFile Open(string path, bool castIntegers = false) => Open([path], castIntegers);

    /// <exception cref="BadArgumentsException">A file does not exist, or holds no such array, or updates of another length than those before it.</exception>
    public static GradientFile Open(IEnumerable<string> paths, bool castIntegers = false)
    {
        var file = new GradientFile();
        try
        {
            foreach (var path in paths)
            {
                file.Add(path, castIntegers);
            }

            // Ids are compared as text, which is the order of the updates only if all are as long.
            file._digitCount = (file.Count - 1).ToString(CultureInfo.InvariantCulture).Length;
            return file;
        }
        catch (Exception error)
        {
            file.Dispose();
            if (error is InvalidDataException or IOException or UnauthorizedAccessException)
            {
                throw new BadArgumentsException(error.Message);
            }

            throw;
        }
    }

    /// <summary>The updates in turn; they can be read once, and each is valid until the next.</summary>
    public IReadOnlyCollection<RoundUpdate> Updates() => new RowUpdates(this);

    /// <summary>The ids of all updates, in ordinal order.</summary>
    public ImmutableArray<string> ClientIds() => [.. Enumerable.Range(0, Count).Select(ClientId)];

    /// <summary>Copies components of an update, rounded to single precision; several threads may.</summary>
    public void Read(int update, int start, Span<float> destination)
    {
        var (reader, first) = Find(update);
        reader.ReadAt(first + start, destination);
    }

    /// <summary>The first component of an update that single precision cannot hold though it is finite, if nothing before it is not finite.</summary>
    public (int Index, double Value)? BeyondSingle(int row)
    {
        Span<float> components = stackalloc float[Math.Min(PieceLength, Length)];
        for (var start = 0; start < Length; start += PieceLength)
        {
            var piece = components[..Math.Min(PieceLength, Length - start)];
            Read(row, start, piece);
            if (piece.IndexOfAnyExceptInRange(float.MinValue, float.MaxValue) is var index and >= 0)
            {
                var (reader, first) = Find(row);
                var value = reader.ReadAt(first + start + index);
                return double.IsFinite(value) ? (start + index, value) : null;
            }
        }

        return null;
    }

    /// <summary>All updates at once.</summary>
    /// <exception cref="BadArgumentsException">A component is not finite, or beyond single precision.</exception>
    public UpdateSet ReadAll()
    {
        if ((long)Count * Length > Array.MaxLength)
        {
            throw new BadArgumentsException($"{Count} updates of {Length} components are too many to hold.");
        }

        var rows = new float[Count * Length];
        var doubles = new double[Length];
        for (var row = 0; row < Count; row++)
        {
            Find(row).Reader.Read(doubles);
            for (var i = 0; i < Length; i++)
            {
                rows[(row * Length) + i] = (float)doubles[i];
                if (!float.IsFinite(rows[(row * Length) + i]))
                {
                    throw new BadArgumentsException(
                        $"Honest updates must be finite in single precision, but row {row} has a component {i} of {ParameterRange.Format(doubles[i])}.");
                }
            }
        }

        return Admission.AdmitRows(rows, Length);
    }

    /// <summary>The rows behind a client id, which bucketing makes of several.</summary>
    public static IEnumerable<int> Rows(string clientId) => clientId.Split('+').Select(id => int.Parse(id, CultureInfo.InvariantCulture));

    public void Dispose() => _readers.ForEach(reader => reader.Dispose());

    private void Add(string path, bool castIntegers)
    {
        var reader = ArrayReader.Open(path, castIntegers);
        _readers.Add(reader);

        // A tensor's axes are those of a layer, unless there are two: then its rows are updates, as in an NPY file.
        var shape = reader.Shape;
        var isOne = shape.Count == 1 || (reader is SafetensorsReader && shape.Count != 2);
        if ((!isOne && shape.Count != 2) || shape.Any(extent => extent == 0) || (isOne && reader.Count > int.MaxValue))
        {
            throw new BadArgumentsException(
                $"'{path}' cannot be used: its shape must be (updates, components), or (components) for one update, but is ({string.Join(", ", shape)}).");
        }

        var (count, length) = isOne ? (1, (int)reader.Count) : (shape[0], shape[1]);
        if (Count > 0 && length != Length)
        {
            throw new BadArgumentsException($"'{path}' cannot be used: its updates have {length} components, but those before it {Length}.");
        }

        _firstRows.Add(Count);
        Count = Count + (long)count <= int.MaxValue
            ? Count + count
            : throw new BadArgumentsException($"The files have more than {int.MaxValue} updates.");
        Length = length;
    }

    /// <summary>Where an update is, and its first component there.</summary>
    private (ArrayReader Reader, long First) Find(int update)
    {
        var found = _firstRows.BinarySearch(update);
        var file = found >= 0 ? found : ~found - 1;
        return (_readers[file], (long)(update - _firstRows[file]) * Length);
    }

    private string ClientId(int row) => row.ToString(CultureInfo.InvariantCulture).PadLeft(_digitCount, '0');

    private IEnumerable<RoundUpdate> ReadUpdates()
    {
        var isDouble = IsDouble;
        var singles = new float[isDouble ? 0 : Length];
        var doubles = new double[isDouble ? Length : 0];
        for (var row = 0; row < Count; row++)
        {
            var id = ClientId(row);
            if (isDouble)
            {
                Find(row).Reader.Read(doubles);
                yield return new RoundUpdate(id, doubles);
            }
            else
            {
                Find(row).Reader.Read(singles);
                yield return new RoundUpdate(id, singles);
            }
        }
    }

    private sealed class RowUpdates(GradientFile file) : IReadOnlyCollection<RoundUpdate>
    {
        public int Count => file.Count;

        public IEnumerator<RoundUpdate> GetEnumerator() => file.ReadUpdates().GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
