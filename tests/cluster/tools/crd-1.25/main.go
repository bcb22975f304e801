// SPDX-License-Identifier: Apache-2.0

// The validation of an API server of Kubernetes 1.25 by its own code, because the server itself does
// not build any more: are these CustomResourceDefinitions accepted, what do rules cost, which
// objects of a table are refused?
//
//	crd-1.25 OBJECTS CRD...
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crdvalidation "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"
)

type object = map[string]interface{}

type row struct {
	Names, Only string
	Change      object
}

type table struct {
	Kinds []struct {
		Kind     string
		Spec     object
		Accepted []object
		Refused  []row
	}
}

func read(path string, into interface{}) {
	text, err := os.ReadFile(path)
	if err == nil {
		err = yaml.UnmarshalStrict(text, into)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, path, err)
		os.Exit(2)
	}
}

// A field that 1.25 does not know is an error of read.
func definition(scheme *runtime.Scheme, path string) *apiextensions.CustomResourceDefinition {
	var given v1.CustomResourceDefinition
	var ret apiextensions.CustomResourceDefinition
	read(path, &given)
	scheme.Default(&given)
	if err := scheme.Convert(&given, &ret, nil); err != nil {
		panic(err)
	}
	ret.Status.StoredVersions = []string{given.Spec.Versions[0].Name}
	return &ret
}

func changed(good, change object) object {
	ret := object{}
	for name, value := range good {
		ret[name] = value
	}
	for name, value := range change {
		ret[name] = value
		if value == nil {
			delete(ret, name)
		}
	}
	return ret
}

// As a server decodes it: whole numbers are whole.
func decoded(thing object) object {
	var ret object
	text, err := json.Marshal(thing)
	if err == nil {
		err = json.Unmarshal(text, &ret)
	}
	if err != nil {
		panic(err)
	}
	return ret
}

// All that would be said to somebody who creates it, one line each.
func refusals(props *apiextensions.JSONSchemaProps, kind string, spec object) []string {
	thing := decoded(object{"apiVersion": "execution.agenttask.io/v1alpha1", "kind": kind,
		"metadata": object{"name": "x"}, "spec": spec})
	structural, err := schema.NewStructural(props)
	if err != nil {
		panic(err)
	}
	validator, _, err := validation.NewSchemaValidator(&apiextensions.CustomResourceValidation{OpenAPIV3Schema: props})
	if err != nil {
		panic(err)
	}
	unknown := pruning.PruneWithOptions(thing, structural, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	errs := validation.ValidateCustomResource(field.NewPath(""), thing, validator)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, structural, thing)...)
	if len(errs) == 0 {
		rules, _ := cel.NewValidator(structural, true, cel.PerCallLimit).Validate(context.Background(), nil, structural, thing, nil, cel.RuntimeCELCostBudget)
		errs = append(errs, rules...)
	}
	ret := unknown
	for _, err := range errs {
		ret = append(ret, err.Error())
	}
	return ret
}

func main() {
	var objects table
	passed, failed := 0, 0
	check := func(holds bool, what ...interface{}) {
		if holds {
			passed++
			return
		}
		failed++
		fmt.Println(append([]interface{}{"FAILED"}, what...)...)
	}
	scheme := runtime.NewScheme()
	install.Install(scheme)
	read(os.Args[1], &objects)
	schemas := map[string]*apiextensions.JSONSchemaProps{}
	for _, path := range os.Args[2:] {
		crd := definition(scheme, path)
		errs := crdvalidation.ValidateCustomResourceDefinition(context.Background(), crd)
		check(len(errs) == 0, path, errs.ToAggregate())
		schemas[crd.Spec.Names.Kind] = crd.Spec.Validation.OpenAPIV3Schema
	}
	for _, kind := range objects.Kinds {
		for _, change := range kind.Accepted {
			said := refusals(schemas[kind.Kind], kind.Kind, changed(kind.Spec, change))
			check(len(said) == 0, kind.Kind, change, said)
		}
		for _, row := range kind.Refused {
			said := strings.Join(refusals(schemas[kind.Kind], kind.Kind, changed(kind.Spec, row.Change)), "\n")
			check(strings.Contains(said, row.Names), kind.Kind, row.Change, said)
		}
	}
	fmt.Printf("%d passed, %d failed, 0 skipped\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
