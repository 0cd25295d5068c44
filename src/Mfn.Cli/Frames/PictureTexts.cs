using System.Globalization;
using System.Reflection;
using Google.Protobuf;
using Mfn.Cli.Pictures;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Frames;

/// <summary>What a picture's file tells beside the picture: what made it, from which spec, at which step, in which colour range.</summary>
internal sealed class PictureTexts(string? runId)
{
    public static readonly string Software = $"mfn {typeof(PictureTexts).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]}";

    /// <summary>The run's id, once it is known; none if it has none.</summary>
    public string? RunId { get; set; } = runId;

    /// <summary>What is simulated, as far as it is known.</summary>
    public SimulationSpec? Spec { get; set; }

    /// <summary>The texts of a frame's picture, by their keywords.</summary>
    public IEnumerable<(string Keyword, string Text)> Of(FieldFrame frame, ColorRange range)
    {
        yield return ("Software", Software);
        yield return ("Description", frame.Subject.Quantity.Description);
        if (RunId is not null)
        {
            yield return ("Run", RunId);
        }

        yield return ("Step", frame.Step.ToString(CultureInfo.InvariantCulture));
        yield return ("Revision", frame.Revision.ToString(CultureInfo.InvariantCulture));
        if (frame.Subject.CellWidth > 0)
        {
            yield return ("CellWidth", frame.Subject.CellWidth.ToString(CultureInfo.InvariantCulture));
        }

        yield return ("Range", range.Text);
        if (Spec is not null)
        {
            yield return ("Spec", JsonFormatter.Default.Format(Spec));
        }
    }
}
