using System.Collections;
using System.Collections.Immutable;
using System.Globalization;
using Mfn.Client;
using Mfn.Client.Npy;
using Mfn.Core.Aggregation;
using Mfn.Core.Specs;

namespace Mfn.Cli;

/// <summary>An NPY file of n updates of d components. A row's number is its client's id, with as many digits as the last one's.</summary>
internal sealed class GradientFile : IUpdateSource, IDisposable
{
    private const int PieceLength = 4096;

    private readonly NpyReader _reader;
    private readonly int _digitCount;

    private GradientFile(NpyReader reader)
    {
        _reader = reader;

        // Ids are compared as text, which is the order of the rows only if all are as long.
        _digitCount = (reader.Shape[0] - 1).ToString(CultureInfo.InvariantCulture).Length;
    }

    /// <summary>n.</summary>
    public int Count => _reader.Shape[0];

    /// <summary>d.</summary>
    public int Length => _reader.Shape[1];

    /// <exception cref="BadArgumentsException">The file does not exist, or holds no such array.</exception>
    public static GradientFile Open(string path)
    {
        try
        {
            var reader = NpyReader.Open(path);
            if (reader.Shape.Count == 2 && reader.Shape.All(extent => extent > 0))
            {
                return new GradientFile(reader);
            }

            reader.Dispose();
            throw new BadArgumentsException($"'{path}' cannot be used: its shape must be (updates, components), but is ({string.Join(", ", reader.Shape)}).");
        }
        catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new BadArgumentsException(error.Message);
        }
    }

    /// <summary>The updates in turn; they can be read once, and each is valid until the next.</summary>
    public IReadOnlyCollection<RoundUpdate> Updates() => new RowUpdates(this);

    /// <summary>The ids of all rows, in ordinal order.</summary>
    public ImmutableArray<string> ClientIds() => [.. Enumerable.Range(0, Count).Select(ClientId)];

    /// <summary>Copies components of a row, rounded to single precision; several threads may.</summary>
    public void Read(int update, int start, Span<float> destination) => _reader.ReadAt(((long)update * Length) + start, destination);

    /// <summary>The first component of a row that single precision cannot hold though it is finite, if nothing before it is not finite.</summary>
    public (int Index, double Value)? BeyondSingle(int row)
    {
        Span<float> components = stackalloc float[Math.Min(PieceLength, Length)];
        for (var start = 0; start < Length; start += PieceLength)
        {
            var piece = components[..Math.Min(PieceLength, Length - start)];
            Read(row, start, piece);
            if (piece.IndexOfAnyExceptInRange(float.MinValue, float.MaxValue) is var index and >= 0)
            {
                var value = _reader.ReadAt(((long)row * Length) + start + index);
                return double.IsFinite(value) ? (start + index, value) : null;
            }
        }

        return null;
    }

    private string ClientId(int row) => row.ToString(CultureInfo.InvariantCulture).PadLeft(_digitCount, '0');

    private IEnumerable<RoundUpdate> ReadUpdates()
    {
        var singles = new float[_reader.IsDouble ? 0 : Length];
        var doubles = new double[_reader.IsDouble ? Length : 0];
        for (var row = 0; row < Count; row++)
        {
            var id = ClientId(row);
            if (_reader.IsDouble)
            {
                _reader.Read(doubles);
                yield return new RoundUpdate(id, doubles);
            }
            else
            {
                _reader.Read(singles);
                yield return new RoundUpdate(id, singles);
            }
        }
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
            _reader.Read(doubles);
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

        return UpdateSet.FromRows(rows, Length);
    }

    /// <summary>The rows behind a client id, which bucketing makes of several.</summary>
    public static IEnumerable<int> Rows(string clientId) => clientId.Split('+').Select(id => int.Parse(id, CultureInfo.InvariantCulture));

    public void Dispose() => _reader.Dispose();

    private sealed class RowUpdates(GradientFile file) : IReadOnlyCollection<RoundUpdate>
    {
        public int Count => file.Count;

        public IEnumerator<RoundUpdate> GetEnumerator() => file.ReadUpdates().GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
