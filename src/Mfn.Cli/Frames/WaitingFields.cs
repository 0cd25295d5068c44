using System.Runtime.InteropServices;

namespace Mfn.Cli.Frames;

/// <summary>Fields that wait, in a hidden file that has gone when this is disposed, until it is known in which colours they are to be drawn.</summary>
/// <param name="folder">Where the file is.</param>
internal sealed class WaitingFields(string folder) : IDisposable
{
    private FileStream? _file;

    /// <summary>Keeps the cells of a field, and returns where.</summary>
    /// <exception cref="IOException">They cannot be kept.</exception>
    public long Add(ReadOnlySpan<double> values)
    {
        try
        {
            // Without a buffer, what cannot be written is told here, and not when the file is closed.
            _file ??= new FileStream(
                Path.Combine(folder, $".{Guid.NewGuid():N}.partial"),
                new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, BufferSize = 0, Options = FileOptions.DeleteOnClose });
            _file.Seek(0, SeekOrigin.End);
            var position = _file.Position;
            _file.Write(MemoryMarshal.AsBytes(values));
            return position;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            // The file that the fields wait in is none that anybody asked for.
            throw new IOException($"Pictures cannot be written to '{folder}': {error.Message}", error);
        }
    }

    /// <summary>Reads so many cells from where they were kept.</summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    public double[] Read(long position, int cellCount)
    {
        var values = new double[cellCount];
        _file!.Position = position;
        _file.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    public void Dispose() => _file?.Dispose();
}
