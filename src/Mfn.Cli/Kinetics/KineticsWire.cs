using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Mfn.Contracts.V1;
using Mfn.Core.Kinetics;

namespace Mfn.Cli.Kinetics;

/// <summary>Kinetic models as the contracts have them: a message a model, a field a parameter.</summary>
internal static class KineticsWire
{
    private static readonly IReadOnlyList<FieldDescriptor> Cases = [.. SimulationSpec.Descriptor.Oneofs.Single(each => each.Name == "kinetics").Fields];

    /// <summary>The field of a spec that has the model.</summary>
    public static string FieldName(KineticsModel model) => model.Name.Replace('-', '_');

    /// <summary>The model of a spec; null for the reference.</summary>
    public static KineticsModel? ModelOf(SimulationSpec? spec) =>
        spec is null || CaseOf(spec) is not { } field ? null : KineticsModel.Find(field.Name.Replace('_', '-'));

    /// <summary>Puts a choice into a spec; parameters of the same model that are not in the choice stay.</summary>
    public static void Write(SimulationSpec spec, KineticsChoice choice)
    {
        var field = Cases.Single(each => each.Name == FieldName(choice.Model));
        var message = (IMessage?)field.Accessor.GetValue(spec) ?? field.MessageType.Parser.ParseFrom([]);
        foreach (var (parameter, value) in choice.Values)
        {
            message.Descriptor.FindFieldByName(parameter.Name).Accessor.SetValue(message, value);
        }

        field.Accessor.SetValue(spec, message);
    }

    /// <summary>The kinetics of a spec as --kinetics takes them, with every parameter that is set; null for the reference.</summary>
    public static string? Tell(SimulationSpec spec)
    {
        if (CaseOf(spec) is not { } field || ModelOf(spec) is not { } model)
        {
            return null;
        }

        var message = (IMessage)field.Accessor.GetValue(spec);
        var values = model.Parameters
            .Select(parameter => (parameter.Symbol, Field: message.Descriptor.FindFieldByName(parameter.Name)))
            .Where(each => each.Field.Accessor.HasValue(message))
            .Select(each => string.Create(CultureInfo.InvariantCulture, $"{each.Symbol}={(double)each.Field.Accessor.GetValue(message)}"))
            .ToArray();
        return values.Length == 0 ? model.Name : $"{model.Name}:{string.Join(',', values)}";
    }

    private static FieldDescriptor? CaseOf(SimulationSpec spec) => Cases.FirstOrDefault(field => field.Accessor.GetValue(spec) is not null);
}
