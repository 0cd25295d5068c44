using System.CommandLine;
using System.Globalization;
using Mfn.Cli.Flags;
using Mfn.Cli.Output;
using Mfn.Contracts.V1;
using Mfn.Core.Membrane;
using Mfn.Server;

namespace Mfn.Cli;

/// <summary><c>mfn nernst</c>: the equilibrium potential of one ion.</summary>
internal static class NernstCommand
{
    public const string Name = "nernst";

    public const string Examples = """
        Examples:
          mfn nernst --valence 1 --out-molar 0.005 --in-molar 0.140             potassium, -89.01 mV
          mfn nernst --valence 2 --out-molar 0.002 --in-molar 1e-7 --json       calcium, 132.27 mV
        """;

    public static Command Create()
    {
        var valence = NumberOption.Create<int>("--valence", "Z", "Charge number of the ion: -3 to 3, not 0. Default: 1.").Fills("valence").Within(value => value != 0 && NernstSpec.ValenceRange.Contains(value), $"{NernstSpec.ValenceRange} and not 0");
        var outside = NumberOption.Create<double>("--out-molar", "C", "Concentration outside the cell in mol/L: above 0, at most 1000.", isRequired: true).Fills("outside_molar").Within(NernstSpec.ConcentrationRange);
        var inside = NumberOption.Create<double>("--in-molar", "C", "Concentration inside the cell in mol/L: above 0, at most 1000.", isRequired: true).Fills("inside_molar").Within(NernstSpec.ConcentrationRange);
        var temperature = NumberOption.Create<double>("--temperature", "K", "Temperature in kelvin: 273 to 373. Default: 310.").Fills("temperature_kelvin").Within(NernstSpec.TemperatureRange);
        var floor = new Option<bool>("--reference-floor") { Description = "Count concentrations below 1e-6 mol/L as 1e-6, as the reference does." }.Fills("reference_floor");
        var output = new OutputOptions();
        var connection = new ServerConnection("computed here");

        var command = new Command(Name, "Computes the Nernst potential of an ion across a membrane.") { valence, outside, inside, temperature, floor };
        output.AddTo(command);
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var answer = output.Open(arguments);
            var request = new ComputeNernstPotentialRequest { OutsideMolar = arguments.GetRequiredValue(outside)!.Value, InsideMolar = arguments.GetRequiredValue(inside)!.Value, ReferenceFloor = arguments.GetValue(floor) };
            arguments.Apply(valence, value => request.Valence = value);
            arguments.Apply(temperature, value => request.TemperatureKelvin = value);

            var response = connection.IsElsewhere(arguments)
                ? await connection.UseAsync(arguments, answer, client => client.ComputeNernstPotentialAsync(request, cancellationToken), cancellationToken)
                : LocalCalls.ComputeNernstPotential(request);
            answer.Write(
                new JsonRecord()
                    .Add("potential_millivolts", response.PotentialMillivolts)
                    .Add("outside_raised_to_floor", response.OutsideRaisedToFloor)
                    .Add("inside_raised_to_floor", response.InsideRaisedToFloor),
                string.Create(CultureInfo.InvariantCulture, $"{response.PotentialMillivolts:0.000} mV"));
            if (response.OutsideRaisedToFloor || response.InsideRaisedToFloor)
            {
                answer.Note("A concentration below 1e-6 mol/L was raised to that, the reference's floor.");
            }

            return ExitCode.Success;
        });
        return command;
    }
}
