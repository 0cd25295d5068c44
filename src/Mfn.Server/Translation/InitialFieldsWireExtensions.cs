using Google.Protobuf.Collections;
using Mfn.Core.Simulation;
using Mfn.Core.Specs;
using Mfn.Core.Steering;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>The caller's fields of step 0, whether they come in one message or in parts.</summary>
internal static class InitialFieldsWireExtensions
{
    private const string Path = "initial_fields";

    /// <summary>The fields of a live run, all of whose values have come.</summary>
    public static InitialFields ToInitialFields(this Wire.InitialFields? wire, SimulationSpec spec, LimitsOptions limits, RequestProblems problems) =>
        (wire ?? new Wire.InitialFields()).ToWholeFields($"{Path}.species", spec, limits, problems);

    /// <summary>The species of a simulation, all of whose values have come.</summary>
    public static InitialFields ToInitialFields(this RepeatedField<Wire.Field> wire, SimulationSpec spec, LimitsOptions limits, RequestProblems problems)
    {
        if (wire.Count > 0 && spec.Pattern is null && problems.IsEmpty)
        {
            problems.Add(Path, "must not be set without kinetics");
        }

        return new Wire.InitialFields { Species = { wire } }.ToWholeFields(Path, spec, limits, problems);
    }

    /// <summary>The shapes of the fields of a live run, whose values are still to come.</summary>
    public static IncomingInitialFields Declare(this Wire.InitialFields? wire, SimulationSpec spec, FieldUpload upload, RequestProblems problems) =>
        (wire ?? new Wire.InitialFields()).Declare($"{Path}.species", spec, upload, problems);

    /// <summary>The fields whose values have come, once nothing is wrong with them.</summary>
    /// <exception cref="CallRefusedException">There is something wrong with them.</exception>
    public static InitialFields ToInitialFields(this IncomingInitialFields incoming, SimulationSpec spec, RequestProblems problems)
    {
        problems.ThrowIfAny();
        var fields = new InitialFields
        {
            Potential = incoming.Potential?.Field,
            Activator = incoming.Activator?.Field,
            Inhibitor = incoming.Inhibitor?.Field,
            Species = [.. incoming.Species.Select(field => field!.Field!)],
        };
        foreach (var problem in fields.FindProblems(spec))
        {
            problems.Add($"{Path}.{problem.Parameter.ToLowerInvariant()}", problem.Description);
        }

        return fields;
    }

    private static InitialFields ToWholeFields(this Wire.InitialFields wire, string speciesPath, SimulationSpec spec, LimitsOptions limits, RequestProblems problems)
    {
        // What is wrong with the spec leaves nothing that the fields could be held to.
        if (!problems.IsEmpty)
        {
            return InitialFields.Drawn;
        }

        var upload = new FieldUpload(limits, problems);
        var incoming = wire.Declare(speciesPath, spec, upload, problems);
        upload.RefuseIncomplete();
        return problems.IsEmpty ? incoming.ToInitialFields(spec, problems) : InitialFields.Drawn;
    }

    private static IncomingInitialFields Declare(this Wire.InitialFields wire, string speciesPath, SimulationSpec spec, FieldUpload upload, RequestProblems problems)
    {
        if (!problems.IsEmpty)
        {
            return new IncomingInitialFields(null, null, null, []);
        }

        foreach (var problem in InitialFields.FindMisplaced(spec, wire.Potential is not null, wire.Activator is not null, wire.Inhibitor is not null, wire.Species.Count))
        {
            problems.Add(problem.Parameter == nameof(InitialFields.Species) ? speciesPath : $"{Path}.{problem.Parameter.ToLowerInvariant()}", problem.Description);
        }

        return new IncomingInitialFields(
            Declare(wire.Potential, $"{Path}.potential"),
            Declare(wire.Activator, $"{Path}.activator"),
            Declare(wire.Inhibitor, $"{Path}.inhibitor"),
            [.. wire.Species.Select((field, i) => Declare(field, $"{speciesPath}[{i}]", KineticsWireExtensions.ConcentrationRange))]);

        IncomingField? Declare(Wire.Field? field, string path, ParameterRange? range = null)
        {
            if (field is null || upload.Declare(field, path, range) is not { } incoming)
            {
                return null;
            }

            if (incoming.RowCount != spec.RowCount || incoming.ColumnCount != spec.ColumnCount)
            {
                problems.Add(path, $"must be {spec.RowCount} x {spec.ColumnCount}, but was {incoming.RowCount} x {incoming.ColumnCount}");
            }

            return incoming;
        }
    }
}
