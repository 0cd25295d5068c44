using Mfn.Cli.Pictures;

namespace Mfn.Cli.Frames;

/// <summary>
/// Draws each frame into a PNG file. With one colour range over all frames, a picture is drawn at once in the range of the frames so far, and once more at the
/// end if the range has become wider since.
/// </summary>
internal sealed class PictureFolder(string path, PictureStyle style, PictureTexts texts) : IFrameOutput
{
    private readonly List<(FieldFrame Frame, ColorRange Range, long Position)> _pictures = [];
    private readonly RangeTracker _ranges = new(style.Range);
    private readonly WaitingFields _waiting = new(path);
    private long _count;

    public void Write(FieldFrame frame)
    {
        var range = _ranges.Take(frame.Values.Span, frame.Subject.Quantity);
        if (style.Range.Kind == RangeKind.All)
        {
            _pictures.Add((frame with { Values = default }, range, _waiting.Add(frame.Values.Span)));
        }

        Draw(frame, range);
        _count++;
    }

    public string? Complete()
    {
        if (_ranges.Common is { } range)
        {
            foreach (var (frame, earlier, position) in _pictures)
            {
                if (earlier != range)
                {
                    Draw(frame with { Values = _waiting.Read(position, frame.RowCount * frame.ColumnCount) }, range);
                }
            }
        }

        return _count > 0 ? $"wrote {_count} pictures to {path}" : null;
    }

    public void Dispose() => _waiting.Dispose();

    private void Draw(FieldFrame frame, ColorRange range) =>
        PngPicture.Write(FrameFolder.FileOf(path, frame, "png"), FieldPicture.Draw(frame, range, style), texts.Of(frame, range));
}
