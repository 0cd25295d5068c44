using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Rpc;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Core.Kinetics;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Translation;
using Boundary = Mfn.Contracts.V1.Boundary;
using InitialPattern = Mfn.Contracts.V1.InitialPattern;
using InitialShape = Mfn.Contracts.V1.InitialShape;
using Integrator = Mfn.Contracts.V1.Integrator;
using LaplacianStencil = Mfn.Contracts.V1.LaplacianStencil;
using MillivoltScale = Mfn.Contracts.V1.MillivoltScale;
using SpeciesBoundary = Mfn.Contracts.V1.SpeciesBoundary;

namespace Mfn.Server.Tests.Translation;

public sealed class KineticsWireTests
{
    private static readonly OneofDescriptor Kinetics = SimulationSpec.Descriptor.Oneofs.Single(oneof => oneof.Name == "kinetics");

    public static TheoryData<string> Names => [.. Kinetics.Fields.Select(kinetics => kinetics.Name)];

    [Fact]
    public void Contracts_Kinetics_AreTheModels() =>
        Assert.Equal(KineticsModel.All.Select(model => model.Name.Replace('-', '_')), Kinetics.Fields.Select(field => field.Name));

    /// <summary>Names, order and number of parameters, and what the contracts' comments cannot lie about: that each is an optional double.</summary>
    [Theory, MemberData(nameof(Names))]
    public void Contracts_Parameters_AreTheModels(string name)
    {
        var parameters = ModelOf(name).Parameters;
        var fields = Kinetics.Fields.Single(field => field.Name == name).MessageType.Fields.InFieldNumberOrder();

        Assert.Equal(parameters.Select(parameter => parameter.Name), fields.Select(field => field.Name));
        Assert.All(fields, field => Assert.True(field is { FieldType: FieldType.Double, HasPresence: true }));
    }

    [Theory, MemberData(nameof(Names))]
    public void ToWire_SpecWithNothingButKinetics_HasAllDefaultsAndIsTheSameSentAgain(string name)
    {
        var wire = Translated(With(name));

        Assert.Equal(wire, Translated(wire.Clone()));
        var message = MessageOf(wire, name);
        Assert.Equal(
            ModelOf(name).Parameters.Select(parameter => parameter.Default),
            ModelOf(name).Parameters.Select(parameter => (double)message.Descriptor.FindFieldByName(parameter.Name).Accessor.GetValue(message)));
        Assert.Equal((5000, 42, 128, 128), (wire.Steps, wire.Seed, wire.Domain.Rows, wire.Domain.Columns));
        Assert.Equal(Precision.Binary64, wire.Precision);
        Assert.True(wire.Domain.TimeStep > 0 && wire.Domain.CellWidth == ModelOf(name).DefaultCellWidth);
        Assert.Equal(ModelOf(name).Species.Length, wire.Domain.Boundaries.Count);
        Assert.False(wire.HasGridSize || wire.HasAlpha);
    }

    [Theory]
    [InlineData(Integrator.Euler, LaplacianStencil.NinePoint)]
    [InlineData(Integrator.Adi, LaplacianStencil.FivePoint)]
    public void ToWire_SpecWithEverything_IsTheSameSentAgain(Integrator integrator, LaplacianStencil laplacian)
    {
        var wire = new SimulationSpec
        {
            Steps = 7,
            Seed = 9,
            Precision = Precision.Binary32,
            AllowUnstable = true,
            GrayScott = new Contracts.V1.GrayScott { FeedRate = 0.03, KillRate = -0.0, UDiffusion = 0.2, VDiffusion = 0.1 },
            Integrator = integrator,
            Noise = new Noise { Additive = { 0.25, 0 }, Multiplicative = { 0, 0.5 } },
            Domain = new Domain
            {
                Rows = 5,
                Columns = 4,
                CellWidth = 0.5,
                TimeStep = 2,
                Boundaries = { new SpeciesBoundary { Kind = Boundary.Dirichlet, Value = -0.0 }, new SpeciesBoundary { Kind = Boundary.Neumann } },
                Laplacian = laplacian,
                Mask = integrator == Integrator.Adi ? ByteString.Empty : ByteString.CopyFrom(0b1010_0110, 0b1100_0011, 0b0110_0000),
            },
            Initial = new InitialPattern { Uniform = { 1, 0 }, Noise = 0.5, Shape = InitialShape.Stripes, Inside = { 0.5, 0.25 }, Size = 1.5, StripeCount = 2 },
            MillivoltScales =
            {
                new MillivoltScale { OffsetMillivolts = -90, MillivoltsPerUnit = 5 }, new MillivoltScale { OffsetMillivolts = 1, MillivoltsPerUnit = -2 },
            },
        };

        var translated = Translated(wire.Clone());

        Assert.Equal(wire, translated);
        Assert.Equal(wire.ToByteArray(), translated.ToByteArray());
    }

    [Fact]
    public void ToSpec_ReferencesFieldsBesideKinetics_AreAllRefusedByName()
    {
        var wire = With("brusselator");
        wire.Variant = SimulationVariant.Model;
        wire.GridSize = 64;
        wire.Alpha = 0.18;
        wire.SpikeProbability = 0;
        wire.TuringEnabled = false;
        wire.TuringThreshold = 0.75;
        wire.JitterEnabled = false;
        wire.JitterVarianceVoltsSquared = 0;
        wire.Engine = new EngineParameters();

        Assert.Equal(
            [
                "spec.variant must not be set beside brusselator", "spec.grid_size must not be set beside brusselator", "spec.alpha must not be set beside brusselator",
                "spec.spike_probability must not be set beside brusselator", "spec.turing_enabled must not be set beside brusselator",
                "spec.turing_threshold must not be set beside brusselator", "spec.jitter_enabled must not be set beside brusselator",
                "spec.jitter_variance_volts_squared must not be set beside brusselator", "spec.engine must not be set beside brusselator",
            ],
            ProblemsOf(wire));
    }

    [Fact]
    public void ToSpec_KineticsFieldsWithoutKinetics_AreAllRefusedByName() =>
        Assert.Equal(
            [
                "spec.domain must not be set without kinetics", "spec.integrator must not be set without kinetics", "spec.noise must not be set without kinetics",
                "spec.initial must not be set without kinetics", "spec.millivolt_scales must not be set without kinetics",
            ],
            ProblemsOf(new SimulationSpec
            {
                Domain = new Domain(),
                Integrator = Integrator.Euler,
                Noise = new Noise(),
                Initial = new InitialPattern(),
                MillivoltScales = { new MillivoltScale() },
            }));

    // A refusal has room for ten problems.
    [Fact]
    public void ToSpec_ManyThingsWrongWithTheDomain_SaysAllOfThem()
    {
        var wire = With("gray_scott");
        wire.GrayScott.FeedRate = 1.5;
        wire.GrayScott.UDiffusion = double.NaN;
        wire.Steps = 0;
        wire.Seed = -1;
        wire.Domain = new Domain
        {
            Rows = 3,
            Columns = 1025,
            CellWidth = 0,
            TimeStep = -1,
            Boundaries = { new SpeciesBoundary { Kind = Boundary.Neumann, Value = 1 }, new SpeciesBoundary() },
        };

        Assert.Equal(
            [
                "spec.gray_scott.feed_rate must be between 0 and 1, but was 1.5",
                "spec.gray_scott.u_diffusion must be between 0 and 1.7976931348623157E+308, but was NaN",
                "spec.domain.boundaries[0].value must not be set unless kind is BOUNDARY_DIRICHLET",
                "spec.domain.boundaries must be periodic for all species or for none",
                "spec.domain.cell_width must be above 0 and at most 1000000000, but was 0",
                "spec.domain.rows must be between 4 and 1024, but was 3",
                "spec.domain.columns must be between 4 and 1024, but was 1025",
                "spec.domain.time_step must be above 0 and at most 1000000000, but was -1",
                "spec.seed must be between 0 and 9223372036854775807, but was -1",
                "spec.steps must be between 1 and 10000, but was 0",
            ],
            ProblemsOf(wire));
    }

    [Fact]
    public void ToSpec_ManyThingsWrongWithTheStart_SaysAllOfThem()
    {
        var wire = With("gray_scott");
        wire.Noise = new Noise { Additive = { 1 }, Multiplicative = { -1, 0 } };
        wire.Initial = new InitialPattern { Uniform = { 1, 2, 3 }, Noise = -1, Shape = InitialShape.Patches, Inside = { 0, double.PositiveInfinity }, StripeCount = 2 };
        wire.MillivoltScales.Add(new MillivoltScale { OffsetMillivolts = 2000, MillivoltsPerUnit = 0 });

        Assert.Equal(
            [
                "spec.noise.additive must have a number a species, 2 in all, but had 1",
                "spec.noise.multiplicative[0] must be between 0 and 1000000000, but was -1",
                "spec.millivolt_scales[0].offset_millivolts must be between -1000 and 1000, but was 2000",
                "spec.millivolt_scales[0].millivolts_per_unit must not be 0",
                "spec.initial.uniform must have a number a species, 2 in all, but had 3",
                "spec.initial.noise must be between 0 and 1000000000, but was -1",
                "spec.initial.size must be above 0 and at most 1000000000, but was 0",
                "spec.initial.patch_count must be between 1 and 100000, but was 0",
                "spec.initial.stripe_count must not be set without INITIAL_SHAPE_STRIPES",
                "spec.initial.inside[1] must be between -1000000000 and 1000000000, but was Infinity",
            ],
            ProblemsOf(wire));
    }

    [Fact]
    public void ToSpec_UnknownEnumerators_AreRefused()
    {
        var wire = With("gray_scott");
        wire.Precision = (Precision)9;
        wire.Integrator = (Integrator)7;
        wire.Domain = new Domain { Laplacian = (LaplacianStencil)3, Boundaries = { new SpeciesBoundary { Kind = (Boundary)8 } } };
        wire.Initial = new InitialPattern { Shape = (InitialShape)6 };

        Assert.Equal(
            [
                "spec.precision must be PRECISION_BINARY64 or PRECISION_BINARY32, but was 9",
                "spec.domain.boundaries[0].kind must be BOUNDARY_PERIODIC, BOUNDARY_NEUMANN or BOUNDARY_DIRICHLET, but was 8",
                "spec.domain.laplacian must be LAPLACIAN_STENCIL_FIVE_POINT or LAPLACIAN_STENCIL_NINE_POINT, but was 3",
                "spec.integrator must be INTEGRATOR_EULER or INTEGRATOR_ADI, but was 7",
                "spec.initial.shape must be a known shape or unset, but was 6",
            ],
            ProblemsOf(wire));
    }

    [Theory]
    [InlineData(1, "spec.domain.mask must have 2 bytes for 4 x 4 cells, but had 1")]
    [InlineData(3, "spec.domain.mask must have 2 bytes for 4 x 4 cells, but had 3")]
    [InlineData(2, "spec.domain.mask must let at least one cell take part")]
    public void ToSpec_BadMask_IsRefused(int byteCount, string problem)
    {
        var wire = With("schnakenberg");
        wire.Domain = new Domain { Rows = 4, Columns = 4, Mask = ByteString.CopyFrom(new byte[byteCount]) };

        Assert.Equal([problem], ProblemsOf(wire));
    }

    /// <summary>The bound of explicit Euler that the textbooks have: h² / 4D on five points, and 3h² / 8D on nine.</summary>
    [Theory]
    [InlineData(LaplacianStencil.FivePoint, 0.25 / (4 * 40))]
    [InlineData(LaplacianStencil.NinePoint, 3 * 0.25 / (8 * 40))]
    public void ToSpec_UnstableTimeStep_IsRefusedWithTheLargestStableOne(LaplacianStencil laplacian, double largest)
    {
        var wire = With("schnakenberg");
        wire.Domain = new Domain { CellWidth = 0.5, TimeStep = largest * 1.001, Laplacian = laplacian };

        var problem = Assert.Single(ProblemsOf(wire));

        Assert.StartsWith("spec.domain.time_step must be at most ", problem, StringComparison.Ordinal);
        Assert.Equal(largest, double.Parse(problem.Split(' ')[5].TrimEnd(','), System.Globalization.CultureInfo.InvariantCulture), largest * 1e-12);
        wire.AllowUnstable = true;
        Assert.Empty(ProblemsOf(wire));
    }

    private static SimulationSpec With(string name)
    {
        var wire = new SimulationSpec();
        var field = Kinetics.Fields.Single(field => field.Name == name);
        field.Accessor.SetValue(wire, field.MessageType.Parser.ParseFrom(ByteString.Empty));
        return wire;
    }

    private static KineticsModel ModelOf(string name) => KineticsModel.Find(name.Replace('_', '-'))!;

    private static IMessage MessageOf(SimulationSpec wire, string name) => (IMessage)SimulationSpec.Descriptor.FindFieldByName(name).Accessor.GetValue(wire);

    private static SimulationSpec Translated(SimulationSpec wire)
    {
        var problems = new RequestProblems();
        var spec = wire.ToSpec(new LimitsOptions(), problems);
        problems.ThrowIfAny();
        return spec.ToWire();
    }

    private static IEnumerable<string> ProblemsOf(SimulationSpec wire)
    {
        var problems = new RequestProblems();
        _ = wire.ToSpec(new LimitsOptions(), problems);
        if (problems.IsEmpty)
        {
            return [];
        }

        var details = problems.ToException().ToRpcException().GetRpcStatus()!.GetDetail<BadRequest>();
        return details.FieldViolations.Select(violation => $"{violation.Field} {violation.Description}");
    }
}
