using Mfn.Cli.Pictures;

namespace Mfn.Cli.Frames;

/// <summary>Draws the last frame into a PNG file; with one colour range over all frames, in that of all that were shown.</summary>
internal sealed class PictureFile(string path, PictureStyle style, PictureTexts texts) : IFrameOutput
{
    private readonly RangeTracker _ranges = new(style.Range);
    private (FieldFrame Frame, ColorRange Range)? _last;

    public void Write(FieldFrame frame) => _last = (frame, _ranges.Take(frame.Values.Span, frame.Subject.Quantity));

    public string? Complete()
    {
        if (_last is not var (frame, range))
        {
            return null;
        }

        var picture = FieldPicture.Draw(frame, range, style);
        PngPicture.Write(path, picture, texts.Of(frame, range));
        return $"wrote {path}, {picture.ColumnCount} x {picture.RowCount} pixels";
    }

    public void Dispose()
    {
    }
}
