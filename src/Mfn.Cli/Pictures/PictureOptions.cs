using System.CommandLine;
using Mfn.Cli.Flags;

namespace Mfn.Cli.Pictures;

/// <summary>The options that say how pictures are drawn.</summary>
internal sealed class PictureOptions(string rangeDefault)
{
    private const int MostScale = 64;

    private readonly Option<int?> _scale = NumberOption.Create<int>(
        "--scale", "N", $"Pixels along a side of a cell in pictures: 1 to {MostScale}, and up to {FieldPicture.MostPixels} in all. Default: 1.").Within(1, MostScale);

    private readonly Option<bool> _colorBar = new("--colorbar") { Description = "Draw a colour bar beside the field in pictures, and below it a scale of lengths with --kinetics." };

    /// <summary>Which values get the first and the last colour, in pictures and on the terminal.</summary>
    public Option<RangeRule?> Range { get; } = RangeRule.Option(
        $"Values of the first and the last colour, potentials in mV; or one range over all frames, or each frame's own. {rangeDefault}");

    public void AddTo(Command command)
    {
        command.Add(_scale);
        command.Add(_colorBar);
        command.Add(Range);
    }

    /// <summary>The style that the arguments ask for.</summary>
    /// <exception cref="BadArgumentsException">The scale is out of its range, or there are options for pictures where none are written.</exception>
    public PictureStyle Read(ParseResult arguments, bool writesPictures, string picturesOption)
    {
        arguments.RequireFor(writesPictures, $"with {picturesOption}", _scale, _colorBar);
        var scale = arguments.GetValue(_scale) ?? 1;
        return scale is >= 1 and <= MostScale
            ? new PictureStyle(scale, arguments.GetValue(_colorBar), arguments.GetValue(Range) ?? RangeRule.All)
            : throw new BadArgumentsException($"{_scale.Name} must be between 1 and {MostScale}, but was {scale}.");
    }
}
