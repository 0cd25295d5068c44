using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Mfn.Cli.Flags;
using Mfn.Cli.Output;
using Mfn.Contracts.V1;
using Mfn.Server;

namespace Mfn.Cli;

/// <summary><c>mfn goldman</c>: the resting potential of a membrane that several ions pass.</summary>
internal static class GoldmanCommand
{
    public const string Name = "goldman";

    public const string Examples = """
        Examples:
          mfn goldman --ion 1,0.005,0.140 --ion 0.04,0.145,0.012 --ion 0.45,0.120,0.004,-1     potassium, sodium, chloride
          mfn goldman --ion 1,4e-8,1e-7                                              a trace of one cation, -24.476 mV
        """;

    public static Command Create()
    {
        var ions = new Option<PermeantIon[]>("--ion")
        {
            Description = "Relative permeability, concentration outside and inside in mol/L, and the valence if it is -1. Repeat for each ion.",
            HelpName = "P,OUT,IN[,Z]",
            Required = true,
            CustomParser = ParseIons,
        }.Fills("ions");
        var temperature = NumberOption.Create<double>("--temperature", "K", "Temperature in kelvin: 273 to 373. Default: 310.").Fills("temperature_kelvin").Within(Core.Membrane.NernstSpec.TemperatureRange);
        var floor = new Option<bool>("--reference-floor") { Description = "Count concentrations below 1e-6 mol/L as 1e-6, as the reference's Nernst potential does." }.Fills("reference_floor");
        var output = new OutputOptions();
        var connection = new ServerConnection("computed here");

        var command = new Command(Name, "Computes the Goldman-Hodgkin-Katz potential of a membrane.") { ions, temperature, floor };
        output.AddTo(command);
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var answer = output.Open(arguments);
            var request = new ComputeGoldmanPotentialRequest { Ions = { arguments.GetRequiredValue(ions) }, ReferenceFloor = arguments.GetValue(floor) };
            arguments.Apply(temperature, value => request.TemperatureKelvin = value);

            var response = connection.IsElsewhere(arguments)
                ? await connection.UseAsync(arguments, answer, client => client.ComputeGoldmanPotentialAsync(request, cancellationToken), cancellationToken)
                : LocalCalls.ComputeGoldmanPotential(request);
            answer.Write(
                new JsonRecord()
                    .Add("potential_millivolts", response.PotentialMillivolts)
                    .Add("raised_to_floor", response.RaisedToFloor.Select(each => new JsonRecord().Add("ion", each.Ion).Add("side", WireName.InAnswer(each.Side)))),
                string.Create(CultureInfo.InvariantCulture, $"{response.PotentialMillivolts:0.000} mV"));
            foreach (var raised in response.RaisedToFloor)
            {
                answer.Note($"Ion {raised.Ion + 1}: the concentration {WireName.InAnswer(raised.Side)} was raised to 1e-6 mol/L, the reference's floor.");
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static PermeantIon[] ParseIons(ArgumentResult result)
    {
        var ions = new List<PermeantIon>();
        foreach (var token in result.Tokens)
        {
            var parts = token.Value.Split(',');
            if (parts.Length is 3 or 4
                && double.TryParse(parts[0], CultureInfo.InvariantCulture, out var permeability)
                && double.TryParse(parts[1], CultureInfo.InvariantCulture, out var outside)
                && double.TryParse(parts[2], CultureInfo.InvariantCulture, out var inside)
                && int.TryParse(parts.Length == 4 ? parts[3] : "1", CultureInfo.InvariantCulture, out var valence))
            {
                ions.Add(new PermeantIon { Permeability = permeability, OutsideMolar = outside, InsideMolar = inside, Valence = valence });
            }
            else
            {
                result.AddError($"--ion must be P,OUT,IN or P,OUT,IN,Z with numbers, but was '{token.Value}'.");
            }
        }

        return [.. ions];
    }
}
