using Mfn.Client;
using Mfn.Client.Npy;
using Mfn.Contracts.V1;

namespace Mfn.Cli;

/// <summary>The frames of an NPY file: one if the array has two dimensions, as many as its first extent if it has three.</summary>
internal sealed class NpyHistory : IDisposable
{
    // What the largest Limits:MaxGridSize lets a server take. A frame's memory is taken before its values come, on the word of the header alone.
    private const int MaxCells = 4096 * 4096;

    private readonly NpyReader _reader;

    private NpyHistory(NpyReader reader) => _reader = reader;

    /// <summary>Rows of a frame.</summary>
    public int RowCount => _reader.Shape[^2];

    /// <summary>Cells in a row.</summary>
    public int ColumnCount => _reader.Shape[^1];

    /// <exception cref="BadArgumentsException">The file does not exist, or holds no such array.</exception>
    public static NpyHistory Open(string path, bool castIntegers = false)
    {
        try
        {
            var reader = NpyReader.Open(path, castIntegers);
            if (reader.Shape.Count is 2 or 3 && reader.Shape.All(extent => extent > 0) && (long)reader.Shape[^2] * reader.Shape[^1] <= MaxCells)
            {
                return new NpyHistory(reader);
            }

            reader.Dispose();
            throw new BadArgumentsException(
                $"'{path}' cannot be used: its shape must be (rows, columns) or (frames, rows, columns), of at most {MaxCells} cells a frame, but is ({string.Join(", ", reader.Shape)}).");
        }
        catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new BadArgumentsException(error.Message);
        }
    }

    /// <summary>The frames in turn; they can be read once.</summary>
    public IEnumerable<Field> Frames()
    {
        var frameCount = _reader.Shape.Count == 2 ? 1 : _reader.Shape[0];
        var cells = new double[RowCount * ColumnCount];
        for (var i = 0; i < frameCount; i++)
        {
            _reader.Read(cells);
            yield return FieldExtensions.ToField(cells, RowCount, ColumnCount);
        }
    }

    public void Dispose() => _reader.Dispose();
}
