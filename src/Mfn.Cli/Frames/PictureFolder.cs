using System.Runtime.InteropServices;
using Mfn.Cli.Pictures;

namespace Mfn.Cli.Frames;

/// <summary>
/// Draws each frame into a PNG file. With one colour range over all frames, a picture is drawn at once in the range of the frames so far, and once more at the
/// end if the range has become wider since; for that the fields wait in a file in the folder that has gone when this is disposed.
/// </summary>
internal sealed class PictureFolder(string path, PictureStyle style, PictureTexts texts) : IFrameOutput
{
    private readonly List<(FieldFrame Frame, ColorRange Range, long Offset)> _pictures = [];
    private readonly RangeTracker _ranges = new(style.Range);
    private FileStream? _waiting;
    private long _count;

    public void Write(FieldFrame frame)
    {
        var range = _ranges.Take(frame.Volts.Span);
        if (style.Range.Kind == RangeKind.All)
        {
            Keep(frame, range);
        }

        Draw(frame, range);
        _count++;
    }

    public string? Complete()
    {
        if (_ranges.Common is { } range)
        {
            foreach (var (frame, earlier, offset) in _pictures)
            {
                if (earlier != range)
                {
                    var volts = new double[frame.RowCount * frame.ColumnCount];
                    _waiting!.Position = offset;
                    _waiting.ReadExactly(MemoryMarshal.AsBytes(volts.AsSpan()));
                    Draw(frame with { Volts = volts }, range);
                }
            }
        }

        return _count > 0 ? $"wrote {_count} pictures to {path}" : null;
    }

    public void Dispose() => _waiting?.Dispose();

    private void Keep(FieldFrame frame, ColorRange range)
    {
        try
        {
            _waiting ??= new FileStream(
                Path.Combine(path, $".{Guid.NewGuid():N}.partial"),
                new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose });
            _pictures.Add((frame with { Volts = default }, range, _waiting.Position));
            _waiting.Write(MemoryMarshal.AsBytes(frame.Volts.Span));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            // The file that the fields wait in is none that anybody asked for.
            throw new IOException($"Pictures cannot be written to '{path}': {error.Message}", error);
        }
    }

    private void Draw(FieldFrame frame, ColorRange range) =>
        PngFile.Write(FrameFolder.FileOf(path, frame, "png"), FieldPicture.Draw(frame, range, style), texts.Of(frame, range));
}
