using System.Globalization;
using Mfn.Cli.Pictures;
using Mfn.Client.Npy;
using Mfn.Client.Runs;

namespace Mfn.Cli.Runs;

/// <summary>Writes each frame's field to a file of its own, named after its step and revision.</summary>
internal sealed class FrameFolder
{
    private readonly string _path;
    private readonly bool _asPictures;
    private readonly ColorRange? _range;

    /// <exception cref="BadArgumentsException">The folder cannot be made.</exception>
    public FrameFolder(string path, bool asPictures, ColorRange? range)
    {
        (_path, _asPictures, _range) = (path, asPictures, range);
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BadArgumentsException($"--out must be a folder: {error.Message}");
        }
    }

    /// <summary>Writes the field in volts, or its picture; a frame without a field leaves nothing.</summary>
    public void Write(FrameEvent frame)
    {
        if (frame.Field is not { } field)
        {
            return;
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"step-{frame.Position.Step:D10}-{frame.Position.Revision:D4}");
        var volts = frame.Volts.Span;
        if (_asPictures)
        {
            PngFile.Write(Path.Combine(_path, $"{name}.png"), volts, field.Rows, field.Columns, _range ?? ColorRange.Of(volts));
        }
        else
        {
            NpyFile.Write(Path.Combine(_path, $"{name}.npy"), volts, field.Rows, field.Columns);
        }
    }
}
